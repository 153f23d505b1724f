// A connection while it is being typed, and what of it is sent.
import type { Cluster, ConnectionFields, MeasuredRung, Rung } from "../../api/types";

// By which way a cluster is reached; "later": by none yet.
export const ways = ["kubeconfig", "fields", "later"] as const;
export type Way = (typeof ways)[number];
export const credentials = ["token", "certificate"] as const;
export type Credential = (typeof credentials)[number];

export interface Draft {
  way: Way;
  kubeconfig: string;
  context: string;
  server: string;
  ca: string;
  credential: Credential;
  token: string;
  clientCert: string;
  clientKey: string;
  tlsServerName: string;
  namespaces: string;
}

export const emptyDraft: Draft = {
  way: "kubeconfig",
  kubeconfig: "",
  context: "",
  server: "",
  ca: "",
  credential: "token",
  token: "",
  clientCert: "",
  clientKey: "",
  tlsServerName: "",
  namespaces: "",
};

// What is stored, without its secrets: those are never sent back.
export function draftOf(cluster: Cluster | null): Draft {
  if (!cluster) return { ...emptyDraft, way: "later" };
  return {
    ...emptyDraft,
    way: "fields",
    server: cluster.server,
    ca: cluster.ca,
    credential: cluster.has_client_certificate ? "certificate" : "token",
    tlsServerName: cluster.tls_server_name ?? "",
    namespaces: cluster.namespaces.join(", "),
  };
}

export const namespacesOf = (text: string) => [...new Set(text.split(/[\s,]+/).filter(Boolean))];

// Only what belongs to the chosen way, and only what was filled in.
export function fieldsOf(draft: Draft): ConnectionFields {
  if (draft.way === "later") return {};
  const namespaces = namespacesOf(draft.namespaces);
  const scope = namespaces.length > 0 ? { namespaces } : {};
  if (draft.way === "kubeconfig")
    return { ...filled({ kubeconfig: draft.kubeconfig, context: draft.context }), ...scope };
  const credential =
    draft.credential === "token"
      ? { token: draft.token }
      : { client_cert: draft.clientCert, client_key: draft.clientKey };
  return {
    ...filled({
      server: draft.server.trim(),
      ca: draft.ca,
      ...credential,
      tls_server_name: draft.tlsServerName.trim(),
    }),
    ...scope,
  };
}

function filled(fields: ConnectionFields): ConnectionFields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => typeof value === "string" && value.trim() !== ""),
  );
}

// A whole connection. An empty kubeconfig is one, too, and is refused as such.
export const wholeOf = (draft: Draft): ConnectionFields =>
  draft.way === "kubeconfig"
    ? { kubeconfig: draft.kubeconfig, ...fieldsOf(draft) }
    : fieldsOf(draft);

// Stored secrets never come back to the page, so what leans on them cannot be tested from here.
export const leansOnStored = (draft: Draft) =>
  draft.way === "fields" &&
  (draft.credential === "token" ? draft.token === "" : draft.clientKey === "");

// What differs from what is stored; nothing when nothing does.
export function changesOf(draft: Draft, stored: Cluster | null): ConnectionFields | undefined {
  if (!stored) return draft.way === "later" ? undefined : wholeOf(draft);
  const before = draftOf(stored);
  const wanted = fieldsOf(draft);
  const namespaces = namespacesOf(draft.namespaces);
  const changed: ConnectionFields = {};
  if (draft.way === "kubeconfig") Object.assign(changed, wanted);
  else {
    for (const [name, value] of Object.entries(wanted)) {
      const old = (fieldsOf(before) as Record<string, unknown>)[name];
      if (JSON.stringify(old) !== JSON.stringify(value)) Object.assign(changed, { [name]: value });
    }
    if (before.tlsServerName !== "" && draft.tlsServerName.trim() === "")
      changed.tls_server_name = "";
  }
  delete changed.namespaces;
  if (namespaces.join(" ") !== stored.namespaces.join(" ")) changed.namespaces = namespaces;
  return Object.keys(changed).length > 0 ? changed : undefined;
}

export type FieldName = keyof Omit<ConnectionFields, "namespaces"> | "namespaces";

const fieldOfRung: Record<Rung, FieldName> = {
  address: "server",
  tcp: "server",
  tls: "ca",
  http: "server",
  kubernetes: "server",
  credentials: "token",
  identity: "server",
  kinds: "server",
  rights: "namespaces",
};

const fieldOfCode: Record<string, FieldName> = {
  bad_url: "server",
  kubeconfig_invalid: "kubeconfig",
  too_large: "kubeconfig",
  tls_name: "tls_server_name",
  tls_expired: "server",
  namespace_missing: "namespaces",
  cluster_forbidden: "token",
};

// The field at which a failed rung, or a refusal without a field, is shown.
export function fieldFor(draft: Draft, code: string | undefined, rung?: Rung): FieldName {
  const field = fieldOfCode[code ?? ""] ?? (rung ? fieldOfRung[rung] : "server");
  if (field === "namespaces") return field;
  if (draft.way === "kubeconfig") return "kubeconfig";
  if (field === "token" && draft.credential === "certificate") return "client_cert";
  return field === "kubeconfig" ? "server" : field;
}

export function failedRung(rungs: readonly MeasuredRung[]): MeasuredRung | undefined {
  return rungs.find((rung) => rung.state === "failed");
}
