// The server is killed at instants that nobody chose, while people work on it and its cluster changes (row J02).
import { setTimeout as passed } from "node:timers/promises";
import { expect, test } from "../support/fixtures";
import { chance, Load } from "../support/load";
import { partsOf } from "../support/tree";

// By hand a minute would be long; where everything is proven it is not.
const kills = Number(process.env.HEDGEROW_KILLS ?? (process.env.CI === "true" ? 300 : 20));
const firstSeed = Number(process.env.HEDGEROW_SEED ?? 20_261_121);

test.describe("under load", () => {
  test.use({ settings: { "sessions.per_user": 1_000, "runs.progress": "20ms" } });

  for (const { part, of, words } of partsOf(kills, 2_500))
    test(`J02: killed at random, over and over, it loses nothing that it acknowledged, invents nothing, and is truthful again by itself${words}`, async ({
      hedgerow,
      cluster,
    }, info) => {
      const seed = firstSeed + part;
      const share = kills / of;
      test.setTimeout(120_000 + share * 4_000);
      info.annotations.push({ type: "seed", description: String(seed) });
      const { server } = hedgerow;
      const next = chance(seed);
      const load = await Load.on(hedgerow, cluster, next);
      for (let kill = 0; kill < share; kill += 1) {
        const working = load.go();
        await passed(next() * 300);
        await server.kill();
        load.stop();
        await working;
        const left = await server.command(["check"]);
        expect(left.code, `kill ${kill} of seed ${seed}: ${left.output}${left.complaints}`).toBe(0);
        await server.begin();
        await load.expectKept();
        if (kill % 20 === 0) await load.expectSettled(20_000);
      }
      await load.expectSettled(20_000);
      await load.expectFinal();
      await load.expectTruth();
      const { done } = load;
      info.annotations.push({ type: "done", description: JSON.stringify(done) });
      expect(done.runs, "there was something to lose").toBeGreaterThan(share / 10);
      expect(done.edits).toBeGreaterThan(share / 10);
    });
});
