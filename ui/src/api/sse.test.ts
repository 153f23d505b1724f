import { expect, it } from "vitest";
import { eventReader, type StreamEvent } from "./sse";

function read(...chunks: string[]): StreamEvent[] {
  const events: StreamEvent[] = [];
  const take = eventReader((event) => events.push(event));
  chunks.forEach(take);
  return events;
}

it("tells named events", () => {
  expect(read('event: hb\ndata: {"a":1}\n\nevent: change\ndata: {}\n\n')).toEqual([
    { event: "hb", data: '{"a":1}' },
    { event: "change", data: "{}" },
  ]);
});

it("puts together what arrives in pieces, whatever the line ends", () => {
  expect(read("event: h", "b\r", "\ndata: 1\r\ndata: 2\r\n\r", "\n")).toEqual([
    { event: "hb", data: "1\n2" },
  ]);
  expect(read("data: x\r", "\r", "data: y\n\n")).toEqual([
    { event: "message", data: "x" },
    { event: "message", data: "y" },
  ]);
});

it("knows comments and fields without data", () => {
  expect(read(": still here\n\nevent: hb\n\nretry: 5\ndata:z\n\n")).toEqual([
    { event: "message", data: "z" },
  ]);
});
