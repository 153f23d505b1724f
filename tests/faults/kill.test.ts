// The server is killed at instants that nobody chose, while people work on it and its cluster changes (row J02).
import { setTimeout as passed } from "node:timers/promises";
import { expect, test } from "../support/fixtures";
import { chance, Load } from "../support/load";
import { partsOf } from "../support/tree";

// By hand a minute would be long; where everything is proven it is not.
const kills = Number(process.env.HEDGEROW_KILLS ?? (process.env.CI === "true" ? 300 : 20));
const firstSeed = Number(process.env.HEDGEROW_SEED ?? 20_261_121);

test.describe("under load", () => {
  // Who signs in without an answer has not failed, and nobody here is a stranger.
  const signIn = { "sign_in.free_failures": 1_000_000, "sign_in.address_burst": 1_000_000 };
  // What is done now and then is done often, so that it is met as well.
  const often = { "retention.sweep": "200ms", "database.log_checkpoint": 1_048_576 };
  // What it asks with lasts as long as the test.
  const people = { "sessions.per_user": 1_000, "sessions.idle": "12h" };
  const settings = { ...signIn, ...often, ...people, "runs.progress": "20ms" };
  test.use({ settings });

  for (const { part, of, words } of partsOf(kills, 2_500))
    test(`J02: killed at random, over and over, it is back within 5 s, loses nothing that it acknowledged, invents nothing, and is truthful again by itself${words}`, async ({
      hedgerow,
      cluster,
    }, info) => {
      const seed = firstSeed + part;
      const share = kills / of;
      test.setTimeout(120_000 + share * 4_000);
      info.annotations.push({ type: "seed", description: String(seed) });
      info.annotations.push({ type: "amount", description: `${share} kills` });
      const { server } = hedgerow;
      const next = chance(seed);
      const load = await Load.on(hedgerow, cluster, next);
      let longest = 0;
      for (let kill = 0; kill < share; kill += 1) {
        const working = load.go();
        // Each tenth life is long enough for what comes late in one.
        await passed(next() * (kill % 10 === 9 ? 3_000 : 300));
        await server.kill();
        load.stop();
        await working;
        const what = `kill ${kill} of seed ${seed}`;
        const left = await server.command(["check"]);
        expect(left.code, `${what}: ${left.output}${left.complaints}`).toBe(0);
        const cutOff = await server.record.running();
        const began = performance.now();
        await server.begin();
        expect((await server.stranger().ask("GET", "/readyz")).status, what).toBe(200);
        await test.step(what, () => load.expectKept(cutOff));
        const took = performance.now() - began;
        longest = Math.max(longest, took);
        expect(took, `${what}: back, and what was cut off has its end`).toBeLessThan(5_000);
        if (kill % 20 !== 0) continue;
        await load.expectSettled(20_000);
        await load.expectTruth();
      }
      await load.expectSettled(20_000);
      await load.expectFinal();
      await load.expectTruth();
      const { done } = load;
      info.annotations.push({ type: "done", description: JSON.stringify(done) });
      info.annotations.push({ type: "longest", description: `${longest.toFixed(0)} ms` });
      const enough = share / 10;
      expect(done.runs, "there was something to lose").toBeGreaterThan(enough);
      expect(done.edited).toBeGreaterThan(enough);
      expect(done.people.signedIn).toBeGreaterThan(enough);
      expect(done.people.roles).toBeGreaterThan(enough / 10);
      if (share < 100) return;
      const { added, deleted, cancelled, people } = done;
      const seldom = { added, deleted, cancelled, ...people };
      expect(Object.entries(seldom).filter(([, times]) => times === 0)).toEqual([]);
    });
});
