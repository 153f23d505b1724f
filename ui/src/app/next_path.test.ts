import { expect, it } from "vitest";
import { safeNext, startPath } from "./next_path";

it.each([
  "/fabrics/7/objects/?kind=Switch&q=leaf",
  "/plugins/hedgehog/fabrics/35/",
  "/runs/812/#layer-9",
])("%s is a place on this site", (next) => {
  expect(safeNext(next)).toBe(next);
});

it.each([
  "//evil.example",
  "/\\evil.example",
  "\\/evil.example",
  "https://evil.example/",
  "javascript:alert(1)",
  "evil",
  "",
  "/\t/evil.example",
  "/\n/evil.example",
  "/a\\b",
  undefined,
  null,
  7,
])("%s leads to the start page", (next) => {
  expect(safeNext(next)).toBe(startPath);
});
