// A connection test from the click to its end: started, then read again until it has ended.
import { useMutation, useQuery } from "@tanstack/react-query";
import { bodyOf, change, client } from "../../api/client";
import { faultOf, type Fault } from "../../api/fault";
import type { ConnectionFields, ConnectionTest } from "../../api/types";
import { operationName } from "../../text/words";

const everyMs = 400;

export interface Tested {
  test: ConnectionTest | undefined;
  // Exactly what was tested; anything else has not been.
  fields: ConnectionFields | undefined;
  fault: Fault | undefined;
  starting: boolean;
  start: (fields: ConnectionFields) => void;
}

export function useTest(): Tested {
  const begin = useMutation({
    networkMode: "always",
    mutationFn: (cluster: ConnectionFields) =>
      change(operationName.test, () =>
        bodyOf(client.POST("/api/connection-tests/", { body: { cluster } })),
      ),
  });
  const begun = begin.data;
  const read = useQuery({
    queryKey: ["connection_test", begun?.id],
    enabled: begun !== undefined,
    queryFn: ({ signal }) => {
      const params = { path: { id: begun?.id ?? 0 } };
      return bodyOf(client.GET("/api/connection-tests/{id}/", { params, signal }));
    },
    refetchInterval: ({ state }) => (state.data?.state === "ended" ? false : everyMs),
    ...(begun && { initialData: begun, initialDataUpdatedAt: 0 }),
  });
  const thrown = begin.error ?? read.error;
  return {
    test: begin.isPending ? undefined : read.data,
    fields: begin.variables,
    fault: thrown ? faultOf(thrown) : undefined,
    starting: begin.isPending,
    start: (fields) => begin.mutate(fields),
  };
}
