// Saving against what was on the page when editing began. The tag of a fabric changes with every run;
// only a change of its settings by somebody else stands in the way.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { bodyOf, change, client } from "../../api/client";
import { faultOf } from "../../api/fault";
import { fabricQuery, type FabricSnapshot } from "../../api/queries";
import type { Fabric, FabricEdit } from "../../api/types";

type Settings = Pick<Fabric, "name" | "description" | "site" | "cluster" | "shares_cluster">;
// A fabric as it was when editing began.
export type Base = Pick<FabricSnapshot, "id" | "etag"> & Settings;

export const baseOf = (fabric: FabricSnapshot): Base => ({
  id: fabric.id,
  etag: fabric.etag,
  name: fabric.name,
  description: fabric.description,
  site: fabric.site,
  cluster: fabric.cluster,
  shares_cluster: fabric.shares_cluster,
});

// One that was kept; nothing when it is no such thing.
export function baseFrom(kept: unknown, id: number): Base | undefined {
  const base = kept as Base | null | undefined;
  const { cluster } = base ?? {};
  const whole =
    typeof base?.etag === "string" &&
    [base.name, base.description, base.site].every((it) => typeof it === "string") &&
    (cluster === null ||
      (typeof cluster?.server === "string" && Array.isArray(cluster.namespaces)));
  return whole && base.id === id ? base : undefined;
}

const settingsOf = ({ name, description, site, cluster, shares_cluster }: Settings) =>
  JSON.stringify([
    name,
    description,
    site,
    shares_cluster,
    cluster && [
      cluster.server,
      cluster.ca,
      cluster.tls_server_name,
      cluster.namespaces,
      cluster.has_token,
      cluster.has_client_certificate,
    ],
  ]);

export const sameSettings = (a: Settings, b: Settings) => settingsOf(a) === settingsOf(b);

// How often the tag may move under the hand of a running sync before the person is told.
const triesMax = 5;

export function useSaveFabric(base: Base, onSaved: () => void) {
  const queries = useQueryClient();
  const key = fabricQuery(base.id).queryKey;

  const send = async (edit: FabricEdit) => {
    let etag = queries.getQueryData(key)?.etag ?? base.etag;
    const now = queries.getQueryData(key);
    if (now && !sameSettings(now, base)) etag = base.etag;
    for (let tries = 1; ; tries += 1) {
      try {
        const params = { path: { id: base.id }, header: { "If-Match": etag } };
        return await change("Save", () =>
          bodyOf(client.PATCH("/api/fabrics/{id}/", { params, body: edit })),
        );
      } catch (thrown) {
        const fresh = await newTag(thrown, tries);
        if (fresh === undefined) throw thrown;
        etag = fresh;
      }
    }
  };
  const newTag = async (thrown: unknown, tries: number) => {
    if (faultOf(thrown).code !== "changed_meanwhile" || tries >= triesMax) return undefined;
    const fresh = await queries.fetchQuery({ ...fabricQuery(base.id), staleTime: 0 });
    return sameSettings(fresh, base) ? fresh.etag : undefined;
  };
  return useMutation({
    networkMode: "always",
    mutationFn: send,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: key });
      onSaved();
    },
  });
}
