// The first thing that runs: tells the server of a page whose script broke before it stood. It uses nothing of the
// page but two constants, since anything else may be what broke; the words on the page itself are in index.html.
import { basePath } from "./api/base_path";
import { pageVersion } from "./api/page_version";

const controller = new AbortController();

globalThis.addEventListener("error", ({ message }) => void tell(message).catch(() => undefined), {
  signal: controller.signal,
});

export const noteStarted = () => controller.abort();

async function tell(message: string): Promise<void> {
  controller.abort();
  const session = await fetch(`${basePath}/api/session/`, {
    headers: { Accept: "application/json" },
  });
  // Whoever is not signed in is not heard.
  if (!session.ok) return;
  const { csrf_token } = (await session.json()) as { csrf_token: string };
  const body = {
    code: "boot_failed",
    view: location.pathname.slice(0, 200),
    detail: message.slice(0, 4_000),
    page_version: pageVersion,
  };
  await fetch(`${basePath}/api/client-reports/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf_token },
    body: JSON.stringify(body),
  });
}
