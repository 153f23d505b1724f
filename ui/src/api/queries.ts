// What the page reads. Each query names the topics of the event stream that make it old.
import {
  hashKey,
  keepPreviousData,
  type Query,
  QueryClient,
  queryOptions,
  replaceEqualDeep,
} from "@tanstack/react-query";
import { backoffMs } from "./backoff";
import { bodyOf, client } from "./client";
import { faultOf, FaultError } from "./fault";
import { pageFault, text } from "../text/faults";
import { exactDocument, type ExactObject } from "./exact_json";
import { Ledger, newer } from "./ledger";
import type { ChangeKind, Fabric, FabricList, Run } from "./types";

export const ledger = new Ledger();

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: "always",
      staleTime: 1_000,
      gcTime: 5 * 60_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (_, thrown) => {
        const fault = faultOf(thrown);
        return fault.layer === 2 && fault.retryable;
      },
      retryDelay: (failures, thrown) => backoffMs(failures + 1, faultOf(thrown).retryAfter),
    },
  },
});

// What a person who presses "Try now" or "Retry" wants: all that this page lacks is asked for at once. A first read that is
// on its way or rests between two tries would otherwise be waited for, as TanStack Query joins a refetch to it.
export async function askForMissing(): Promise<void> {
  const missing = {
    type: "active",
    predicate: (query: Query) => query.state.data === undefined,
  } as const;
  await queryClient.cancelQueries(missing);
  await queryClient.refetchQueries(missing);
}

export interface Meta extends Record<string, unknown> {
  topics: string[];
  // At most one read in this time, however often it is announced.
  gapMs: number;
}

type Key = readonly [string, ...unknown[]];

function watched<T>(
  key: Key,
  meta: Meta,
  read: (signal: AbortSignal) => Promise<T>,
  own?: (value: T) => { topic: string; revision: number },
) {
  return {
    queryKey: key,
    meta,
    queryFn: async ({ signal }: { signal: AbortSignal }) => {
      const began = ledger.begin(meta.topics);
      const value = await read(signal);
      ledger.finish(hashKey(key), began, own?.(value));
      return value;
    },
  };
}

const shared = <T extends { revision: number }>(old: unknown, fresh: unknown) =>
  replaceEqualDeep(old, newer(old as T | undefined, fresh as T));

// The fabric with the tag that a change has to send back.
export type FabricSnapshot = Fabric & { etag: string };

interface Reading {
  data: unknown;
  error: Error | null;
}

export const isMissing = (error: Error | null) =>
  error !== null && faultOf(error).code === "not_found";

// It stood on the page, and the server has it no more.
export const isGone = ({ data, error }: Reading) => data !== undefined && isMissing(error);

// What is gone is not asked for again.
const stillThere = ({ state }: { state: Reading }) => !isGone(state);

export const fabricTopic = (id: number) => `fabric/${id}`;
export const runTopic = (id: number) => `run/${id}`;

async function readFabric(id: number, signal: AbortSignal): Promise<FabricSnapshot> {
  const reply = await client.GET("/api/fabrics/{id}/", { params: { path: { id } }, signal });
  return { ...(reply.data as Fabric), etag: reply.response.headers.get("ETag") ?? "" };
}

export const fabricQuery = (id: number) =>
  queryOptions({
    ...watched(
      ["fabric", id],
      { topics: [fabricTopic(id)], gapMs: 250 },
      (signal) => readFabric(id, signal),
      (fabric) => ({ topic: fabricTopic(id), revision: fabric.revision }),
    ),
    structuralSharing: shared<FabricSnapshot>,
    enabled: stillThere,
  });

export interface FabricsSearch {
  q?: string;
  offset?: number;
}
export const fabricsPage = 50;

function newerEach(old: unknown, fresh: unknown) {
  const before = new Map((old as FabricList | undefined)?.results.map((it) => [it.id, it]));
  const list = fresh as FabricList;
  const results = list.results.map((it) => newer(before.get(it.id), it));
  return replaceEqualDeep(old, { ...list, results });
}

export const fabricsQuery = (search: FabricsSearch) =>
  queryOptions({
    ...watched(["fabrics", search], { topics: ["fabrics"], gapMs: 1_000 }, (signal) =>
      bodyOf(
        client.GET("/api/fabrics/", {
          params: { query: { limit: fabricsPage, ordering: "headline", ...search } },
          signal,
        }),
      ),
    ),
    structuralSharing: newerEach,
    placeholderData: keepPreviousData,
  });

export const kindsQuery = (id: number) =>
  queryOptions(
    watched(["kinds", id], { topics: [fabricTopic(id)], gapMs: 500 }, (signal) =>
      bodyOf(client.GET("/api/fabrics/{id}/kinds/", { params: { path: { id } }, signal })),
    ),
  );

export const runQuery = (id: number) =>
  queryOptions({
    ...watched(
      ["run", id],
      { topics: [runTopic(id)], gapMs: 250 },
      (signal) => bodyOf(client.GET("/api/runs/{id}/", { params: { path: { id } }, signal })),
      (run) => ({ topic: runTopic(id), revision: run.revision }),
    ),
    structuralSharing: shared<Run>,
  });

export const changesPage = 50;

export interface ChangesSearch {
  change?: ChangeKind;
  offset?: number;
}

export const runChangesQuery = (id: number, search: ChangesSearch) =>
  queryOptions({
    ...watched(["run_changes", id, search], { topics: [runTopic(id)], gapMs: 2_000 }, (signal) => {
      const params = { path: { id }, query: { limit: changesPage, ...search } };
      return bodyOf(client.GET("/api/runs/{id}/changes/", { params, signal }));
    }),
    placeholderData: keepPreviousData,
  });

export type ObjectOrdering =
  "name" | "-name" | "kind" | "-kind" | "namespace" | "-namespace" | "changed" | "-changed";

export interface ObjectsSearch {
  q?: string;
  kind?: string[];
  namespace?: string[];
  presence?: "present" | "out_of_scope" | "removed" | "any";
  ordering?: ObjectOrdering;
  limit?: number;
  offset?: number;
}

export const objectsQuery = (id: number, search: ObjectsSearch) =>
  queryOptions({
    ...watched(["objects", id, search], { topics: [fabricTopic(id)], gapMs: 2_000 }, (signal) => {
      const params = { path: { id }, query: search };
      return bodyOf(client.GET("/api/fabrics/{id}/objects/", { params, signal }));
    }),
    placeholderData: keepPreviousData,
  });

// Read as text: a number beyond 2^53 must stay what the cluster said.
async function readObject(id: number, signal: AbortSignal): Promise<ExactObject> {
  const params = { path: { id } };
  const body = await bodyOf(client.GET("/api/objects/{id}/", { params, signal, parseAs: "text" }));
  const object = exactDocument(body);
  if (!object) throw new FaultError(pageFault("reply_broken", text.cut(200)));
  return object;
}

// An object announces nothing itself: its fabric does, and that is known once it was read.
export const objectQuery = (id: number, fabric?: number) =>
  queryOptions({
    ...watched(
      ["object", id],
      { topics: fabric ? [fabricTopic(fabric)] : [], gapMs: 2_000 },
      (signal) => readObject(id, signal),
    ),
    enabled: stillThere,
  });

export const objectYamlQuery = (id: number, fabric?: number) =>
  queryOptions(
    watched(
      ["object_yaml", id],
      { topics: fabric ? [fabricTopic(fabric)] : [], gapMs: 2_000 },
      (signal) =>
        bodyOf(
          client.GET("/api/objects/{id}/", {
            params: { path: { id }, query: { format: "yaml" } },
            headers: { Accept: "application/yaml" },
            parseAs: "text",
            signal,
          }),
        ),
    ),
  );

export const objectHistoryQuery = (id: number, offset: number, fabric?: number) =>
  queryOptions({
    ...watched(
      ["object_history", id, offset],
      { topics: fabric ? [fabricTopic(fabric)] : [], gapMs: 2_000 },
      (signal) => {
        const params = { path: { id }, query: { limit: changesPage, offset } };
        return bodyOf(client.GET("/api/objects/{id}/history/", { params, signal }));
      },
    ),
    placeholderData: keepPreviousData,
  });

// Measured when a person looks, not followed: each look asks the server to prove itself.
export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => bodyOf(client.GET("/api/health/", { signal })),
  staleTime: 0,
  retry: false,
});
