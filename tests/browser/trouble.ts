// A fabric of which the record says what takes long to bring about: Hedgerow paused it after its worker died twice,
// another cluster answers at its address, and its cluster was restored. Only for what pages do with it; that these
// states come about is tested where they do.
import type { TestServer } from "../support/server";
import type { Fabric } from "../support/types";

// Gives the identity of the other cluster.
export async function layTrouble(server: TestServer, { id }: Fabric): Promise<string> {
  const now = Date.now();
  const identity = "5a5a5a5a-0000-4000-8000-5a5a5a5a5a5a";
  await server.restart(() =>
    server.record.change(
      `UPDATE fabrics SET new_identity = '${identity}', paused_since = ${now}, ` +
        "paused_by = 'Hedgerow', pause_reason = 'Its worker died twice.', " +
        `pause_code = 'quarantined' WHERE id = ${id}; ` +
        `UPDATE kinds SET rewound = ${now} WHERE fabric_id = ${id};`,
    ),
  );
  return identity;
}
