// Where to go after signing in: only a path of this very site, so that a link cannot lead elsewhere.
export const startPath = "/";

export function safeNext(next: unknown): string {
  if (typeof next !== "string" || !next.startsWith("/")) return startPath;
  if (next.startsWith("//")) return startPath;
  // Browsers drop tabs and line ends, and read a backslash as a slash, so none may stand anywhere.
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f\\]/.test(next)) return startPath;
  return next;
}
