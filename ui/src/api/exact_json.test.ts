import { expect, it } from "vitest";
import { Digits, exactJson, fieldsOf } from "./exact_json";

it("numbers stay what the cluster said", () => {
  const value = exactJson('{"asn": 18446744073709551615, "ratio": 1.0, "mtu": 9036, "e": 1e400}');
  expect(value).toEqual({
    asn: new Digits("18446744073709551615"),
    ratio: new Digits("1.0"),
    mtu: 9036,
    e: new Digits("1e400"),
  });
});

it("each leaf has its path", () => {
  const value = exactJson(
    '{"spec":{"links":[{"port":"E1/7"}],"none":[],"a/b":{}},"n":null,"t":true}',
  );
  expect(fieldsOf(value)).toEqual([
    { path: "spec.links[0].port", value: "E1/7" },
    { path: "spec.none", value: "[]" },
    { path: 'spec["a/b"]', value: "{}" },
    { path: "n", value: "null" },
    { path: "t", value: "true" },
  ]);
});

it("half a document is none", () => {
  expect(exactJson('{"spec":')).toBeUndefined();
});
