// What the server wrote into index.html. A worker has no document: it has the same words in its address.
const metaOf = (word: string) =>
  globalThis.document?.querySelector(`meta[name="hedgerow-${word}"]`)?.getAttribute("content");

export const said = (word: "base" | "limits"): string =>
  metaOf(word) ?? new URLSearchParams(globalThis.location?.search).get(word) ?? "";

export const saidOn = () =>
  new URLSearchParams({ base: said("base"), limits: said("limits") }).toString();
