// Browsers that block cookies for one address say that they are enabled; so one is tried.
export function keepsCookies(): boolean {
  const probe = "hedgerow_probe=1";
  document.cookie = `${probe}; SameSite=Lax`;
  const kept = document.cookie.includes(probe);
  document.cookie = `${probe}; SameSite=Lax; Max-Age=0`;
  return kept;
}
