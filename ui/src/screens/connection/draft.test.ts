import { describe, expect, it } from "vitest";
import type { Cluster } from "../../api/types";
import { changesOf, draftOf, emptyDraft, fieldFor, fieldsOf, wholeOf } from "./draft";

const stored: Cluster = {
  server: "https://10.1.2.3:6443",
  ca: "PEM",
  has_token: true,
  has_client_certificate: false,
  namespaces: ["default", "fab"],
  identity: null,
  new_identity: null,
  rewound: null,
  version: null,
};

describe("a connection that is typed", () => {
  it("sends only what belongs to the chosen way", () => {
    const draft = { ...emptyDraft, kubeconfig: "apiVersion: v1", token: "left over" };
    expect(fieldsOf(draft)).toEqual({ kubeconfig: "apiVersion: v1" });
    const fields = { ...draft, way: "fields" as const, server: " https://a:1 ", clientCert: "x" };
    expect(fieldsOf(fields)).toEqual({ server: "https://a:1", token: "left over" });
  });

  it("reads namespaces however they are separated", () => {
    const draft = { ...emptyDraft, namespaces: " fab, default fab\n" };
    expect(fieldsOf(draft)).toEqual({ namespaces: ["fab", "default"] });
  });

  it("sends an empty kubeconfig as what it is, so that it is refused, with the namespaces", () => {
    const draft = { ...emptyDraft, namespaces: "fab" };
    expect(wholeOf(draft)).toEqual({ kubeconfig: "", namespaces: ["fab"] });
  });

  it("keeps a token exactly as it was typed, line ends too: the server says what is wrong with it", () => {
    expect(fieldsOf({ ...emptyDraft, way: "fields", token: "abc\n" }).token).toBe("abc\n");
  });
});

describe("a connection that is to come later", () => {
  const later = {
    ...emptyDraft,
    way: "later" as const,
    kubeconfig: "left over",
    namespaces: "fab",
  };

  it("is no connection, whatever was typed before", () => {
    expect(fieldsOf(later)).toEqual({});
    expect(changesOf(later, null)).toBeUndefined();
  });

  it("is what a fabric without one has, until another way is chosen", () => {
    expect(changesOf(draftOf(null), null)).toBeUndefined();
    expect(changesOf({ ...draftOf(null), way: "kubeconfig" }, null)).toEqual({ kubeconfig: "" });
  });
});

describe("a connection that is changed", () => {
  it("sends nothing when nothing differs", () => {
    expect(changesOf(draftOf(stored), stored)).toBeUndefined();
  });

  it("sends what differs, and secrets only when new ones were typed", () => {
    const draft = { ...draftOf(stored), server: "https://10.1.2.4:6443", token: "new" };
    expect(changesOf(draft, stored)).toEqual({ server: "https://10.1.2.4:6443", token: "new" });
  });

  it("can go back to all namespaces", () => {
    expect(changesOf({ ...draftOf(stored), namespaces: "" }, stored)).toEqual({ namespaces: [] });
  });
});

describe("a refusal stands at its field", () => {
  const fields = { ...emptyDraft, way: "fields" as const };
  it.each([
    ["dns_failed", "address", "server"],
    ["tls_untrusted", "tls", "ca"],
    ["tls_name", "tls", "tls_server_name"],
    ["cluster_unauthorized", "credentials", "token"],
    ["not_kubernetes", "kubernetes", "server"],
  ] as const)("%s of rung %s at %s", (code, rung, field) => {
    expect(fieldFor(fields, code, rung)).toBe(field);
    expect(fieldFor(emptyDraft, code, rung)).toBe("kubeconfig");
  });

  it("at the certificate when that is the credential", () => {
    const draft = { ...fields, credential: "certificate" as const };
    expect(fieldFor(draft, "cluster_unauthorized", "credentials")).toBe("client_cert");
  });
});
