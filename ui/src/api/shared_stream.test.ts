import { expect, it } from "vitest";
import { Sharers, topicsMost } from "./shared_stream";

const alice = (...topics: string[]) => ({ user: "alice", topics });

it("follows what any tab wants, once, and no more when the tab wants it no more", () => {
  const tabs = new Sharers<string>();
  expect(tabs.hear("a", alice("fabrics"))).toBe("other");
  expect(tabs.hear("b", alice("fabric/1", "fabrics"))).toBe("new");
  expect(tabs.topics()).toEqual(["fabric/1", "fabrics"]);
  expect(tabs.hear("b", alice("fabric/2"))).toBe("new");
  expect(tabs.hear("b", alice("fabric/2"))).toBe("known");
  expect(tabs.topics()).toEqual(["fabric/2", "fabrics"]);
  tabs.hear("a", alice());
  expect(tabs.topics()).toEqual(["fabric/2"]);
});

it("belongs to one person: whoever comes last, alone", () => {
  const tabs = new Sharers<string>();
  tabs.hear("a", alice("fabrics"));
  expect(tabs.hear("b", { user: "bob", topics: ["run/1"] })).toBe("other");
  expect(tabs.all()).toEqual(["b"]);
  expect(tabs.topics()).toEqual(["run/1"]);
});

it("forgets a tab that answers no beats, and knows it again when it does", () => {
  const tabs = new Sharers<string>();
  tabs.hear("a", alice("fabrics"));
  tabs.hear("asleep", alice("run/1"));
  for (let beats = 0; beats < 20; beats += 1) {
    tabs.beat();
    tabs.hear("a", alice("fabrics"));
  }
  expect(tabs.all()).toEqual(["a"]);
  expect(tabs.hear("asleep", alice("run/1"))).toBe("new");
  expect(tabs.topics()).toEqual(["fabrics", "run/1"]);
});

it("sends a tab away whose topics the server would not take, so that nothing is left out unsaid", () => {
  const tabs = new Sharers<number>();
  for (let tab = 0; tab < topicsMost; tab += 1) tabs.hear(tab, alice(`fabric/${tab + 1}`));
  expect(tabs.hear(99, alice("fabric/99"))).toBe("full");
  expect(tabs.hear(98, alice("fabric/1"))).toBe("new");
  tabs.hear(0, alice());
  tabs.hear(98, alice());
  expect(tabs.hear(99, alice("fabric/99"))).toBe("new");
});
