import { expect, it } from "vitest";
import { emptyDraft } from "./draft";
import { keptOf, typedFrom, type Typed } from "./kept";

const start: Typed = { name: "", site: "", description: "", shares: false, draft: emptyDraft };
const typed: Typed = {
  name: "lab",
  site: "rack 7",
  description: "half",
  shares: true,
  draft: {
    ...emptyDraft,
    way: "fields",
    kubeconfig: "users: [{user: {token: abc}}]",
    server: "https://10.1.2.3:6443",
    ca: "PEM",
    credential: "certificate",
    token: "s3cret",
    clientCert: "PEM",
    clientKey: "-----BEGIN PRIVATE KEY-----",
    namespaces: "fab",
  },
};

it("keeps what is not secret, over JSON and back", () => {
  const back = typedFrom(JSON.parse(JSON.stringify(keptOf(typed))), start);
  const secrets = { kubeconfig: "", token: "", clientCert: "", clientKey: "" };
  expect(back).toEqual({ ...typed, draft: { ...typed.draft, ...secrets } });
});

it("keeps no secret, also where it was pasted into the wrong field", () => {
  const key = "-----BEGIN RSA PRIVATE KEY-----\nabc";
  const pasted: Typed = {
    ...typed,
    description: key,
    draft: { ...typed.draft, ca: `PEM\n${key}`, server: "https://me:s3cret@10.1.2.3" },
  };
  expect(JSON.stringify(keptOf(pasted))).not.toMatch(/s3cret|PRIVATE|abc/);
});

it.each([
  undefined,
  null,
  7,
  "x",
  [],
  { draft: 3 },
  { name: 1, draft: { way: "by mail", ca: {} } },
])("takes %j for nothing typed", (kept) => {
  expect(typedFrom(kept, start)).toEqual(start);
});
