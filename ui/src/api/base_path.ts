// Where the application lives below its host; the server writes it into index.html.
const word = "hedgerow-base";

export function cleanBase(content: string | null | undefined): string {
  if (!content || content.startsWith("__")) return "";
  return content.replace(/\/+$/, "");
}

export const basePath = cleanBase(
  globalThis.document?.querySelector(`meta[name="${word}"]`)?.getAttribute("content"),
);
