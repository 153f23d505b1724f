// What a browser has to load is counted at every build; too much fails it.
import { brotliCompressSync } from "node:zlib";
import type { Plugin } from "vite";

const initialScript = 190_000;
const lazyChunk = 60_000;
const allStyles = 20_000;

const packed = (source: string | Uint8Array) => brotliCompressSync(source).length;

export const budget: Plugin = {
  name: "budget",
  generateBundle(_, bundle) {
    const sizes = new Map<string, number>();
    const initial = new Set<string>();
    let styles = 0;
    const load = (name: string) => {
      const chunk = bundle[name];
      if (chunk?.type !== "chunk" || initial.has(name)) return;
      initial.add(name);
      chunk.imports.forEach(load);
    };
    for (const [name, output] of Object.entries(bundle)) {
      if (output.type === "chunk") sizes.set(name, packed(output.code));
      else if (name.endsWith(".css")) styles += packed(output.source);
      // The script of a worker is a bundle of its own.
      else if (name.endsWith(".js")) sizes.set(name, packed(output.source));
      if (output.type === "chunk" && output.isEntry) load(name);
    }
    const first = [...initial].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
    const say = (what: string, is: number, most: number) => {
      if (is > most) this.error(`${what}: ${is} bytes packed, at most ${most} are allowed`);
    };
    say("scripts of the first load", first, initialScript);
    say("style sheets", styles, allStyles);
    for (const [name, size] of sizes) if (!initial.has(name)) say(name, size, lazyChunk);
  },
};
