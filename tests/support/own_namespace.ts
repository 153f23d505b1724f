// The worker's API server as one test sees it: 48 objects in a namespace of its own.
import type { Connection, TestCluster } from "./cluster";
import { keep } from "./secrets";
import type { Wiring } from "./tree";
import type { ConnectionFields } from "./types";

export interface OwnNamespace {
  whole: TestCluster;
  namespace: string;
  connection: Connection;
  lists(resource: string): number;
  forgetRequests(): void;
}

let namespaces = 0;

export const fieldsOf = (connection: Connection, namespace?: string): ConnectionFields => ({
  server: connection.server,
  ca: connection.ca,
  token: connection.token,
  ...(namespace !== undefined && { namespaces: [namespace] }),
});

export async function ownNamespace(whole: TestCluster, wiring: Wiring): Promise<OwnNamespace> {
  namespaces += 1;
  const namespace = `fabric-${process.pid}-${namespaces}`;
  await whole.load(wiring, namespace);
  const connection = await whole.reader();
  keep("the cluster's token", connection.token);
  whole.forgetRequests();
  return {
    whole,
    namespace,
    connection,
    lists: (resource) => whole.lists(resource, namespace),
    forgetRequests: () => whole.forgetRequests(),
  };
}
