// The version this page was built as; the server has the same words in version.txt.
declare const __PAGE_VERSION__: string | undefined;

export const pageVersion = typeof __PAGE_VERSION__ === "string" ? __PAGE_VERSION__ : "unbuilt";
