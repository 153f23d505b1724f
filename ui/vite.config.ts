import { readFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { budget } from "./budget.ts";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as {
  version: string;
};

// The server reads the page's version from this file, so that both can be compared.
const versionFile: Plugin = {
  name: "version-file",
  generateBundle() {
    this.emitFile({ type: "asset", fileName: "version.txt", source: `${version}\n` });
  },
};

// The page speaks English; the components' words in thirty other languages stay out of it.
const englishOnly: Plugin = {
  name: "english-only",
  load: (id) =>
    /\/intl\/[^/]+\/(?!en-US)[a-z]{2}-[A-Z]{2}\.m?js$/.test(id)
      ? "export default undefined;"
      : null,
};

export default defineConfig({
  plugins: [react(), versionFile, englishOnly, budget],
  define: { __PAGE_VERSION__: JSON.stringify(version) },
  experimental: {
    // The server puts its base path in place of the word; scripts find each other by their own address.
    renderBuiltUrl: (file, { hostType }) =>
      hostType === "html" ? `__HEDGEROW_BASE__/${file}` : { relative: true },
  },
  build: {
    target: ["chrome123", "firefox128", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
} as Parameters<typeof defineConfig>[0]);
