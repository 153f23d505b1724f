// Lists of servers that the Gate gives instead of the API server: objects that no cluster holds.
const apiVersion = "wiring.githedgehog.com/v1beta1";

export const fakeServer = (
  name: string,
  namespace: string,
  spec: object,
  resourceVersion = "1",
) => ({
  apiVersion,
  kind: "Server",
  metadata: { name, namespace, uid: `uid-of-${name}`, resourceVersion },
  spec,
});

export const listOf = (
  items: readonly ReturnType<typeof fakeServer>[],
  resourceVersion: string,
) => ({
  status: 200,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ apiVersion, kind: "ServerList", metadata: { resourceVersion }, items }),
});
