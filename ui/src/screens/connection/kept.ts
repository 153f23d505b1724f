// What of a half typed fabric may lie in the browser's storage: no token, no key, no certificate, no kubeconfig, and
// nothing that looks like one in another field.
import { credentials, ways, type Draft } from "./draft";

export interface Typed {
  name: string;
  site: string;
  description: string;
  shares: boolean;
  draft: Draft;
}

type Harmless = Exclude<keyof Draft, "kubeconfig" | "token" | "clientCert" | "clientKey">;
export type Kept = Omit<Typed, "draft"> & { draft: Pick<Draft, Harmless> };

const looksSecret = (text: string) => /PRIVATE KEY|client-key-data|:\/\/[^/]*@/.test(text);
const harmless = (text: string) => (looksSecret(text) ? "" : text);

export function keptOf({ name, site, description, shares, draft }: Typed): Kept {
  return {
    name: harmless(name),
    site: harmless(site),
    description: harmless(description),
    shares,
    draft: {
      way: draft.way,
      context: harmless(draft.context),
      server: harmless(draft.server),
      ca: harmless(draft.ca),
      credential: draft.credential,
      tlsServerName: harmless(draft.tlsServerName),
      namespaces: harmless(draft.namespaces),
    },
  };
}

const partsOf = (value: unknown) =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

// Another version of the page may have written it: what is missing, or is no such thing, is as at the start.
function merged<T extends object>(start: T, names: readonly (keyof T)[], kept: unknown): T {
  const parts = partsOf(kept);
  const found = names.filter((name) => typeof parts[name as string] === typeof start[name]);
  return { ...start, ...Object.fromEntries(found.map((name) => [name, parts[name as string]])) };
}

const words = ["name", "site", "description", "shares"] as const;
const ofDraft = ["context", "server", "ca", "tlsServerName", "namespaces"] as const;

export function typedFrom(kept: unknown, start: Typed): Typed {
  const { draft } = partsOf(kept);
  const { way, credential } = partsOf(draft);
  return {
    ...merged(start, words, kept),
    draft: {
      ...merged(start.draft, ofDraft, draft),
      way: ways.find((it) => it === way) ?? start.draft.way,
      credential: credentials.find((it) => it === credential) ?? start.draft.credential,
    },
  };
}
