// The nine layers of a click that did not become a run, as far as its fault proves them.
//
// The server looks at a click in this order: transport (2), whose session it is (5), whether that still
// lasts (3), the security token (4), the permission (6). Whatever stands behind the fault in this order
// was not looked at: it is not reached, and never passed.
import { layerNames, type Layer } from "../text/codes.gen";
import type { Fault } from "./fault";
import type { LayerState, TraceLayer } from "./types";

export type FaultyClick = Pick<Fault, "code" | "layer" | "requestId">;

const layers = Object.keys(layerNames).map(Number) as Layer[];

// What has passed when this layer is the one that failed. What the record or a cluster says (7 to 9)
// may be found out before or after each other, so it proves nothing about its neighbours.
const proven: Readonly<Record<Layer, readonly Layer[]>> = {
  1: [],
  2: [1],
  3: [1, 2, 5],
  4: [1, 2, 5, 3],
  5: [1, 2],
  6: [1, 2, 5, 3, 4],
  7: [1, 2, 5, 3, 4, 6],
  8: [1, 2, 5, 3, 4, 6],
  9: [1, 2],
};

// Why a layer passed although nothing was carried out.
const because: Partial<Record<Layer, string>> = {
  1: "registered in the page",
  2: "the server answered",
  3: "the session lasts",
  4: "the security token was accepted",
  5: "the session is known",
  6: "permitted",
};

const isLayer = (layer: number): layer is Layer => layers.some((it) => it === layer);

export function traceOfFault(fault: FaultyClick): TraceLayer[] {
  const passed = isLayer(fault.layer) ? proven[fault.layer] : [];
  return layers.map((layer) => {
    const state = stateOf(layer, fault, passed);
    return { layer, name: layerNames[layer], state, evidence: evidenceOf(layer, fault, state) };
  });
}

function stateOf(layer: Layer, fault: FaultyClick, passed: readonly Layer[]): LayerState {
  if (layer === fault.layer) return "failed";
  return passed.includes(layer) ? "passed" : "not_reached";
}

function evidenceOf(layer: Layer, fault: FaultyClick, state: LayerState): string {
  // The sentence stands beside the trace, once.
  if (state === "failed") return fault.code;
  if (state !== "passed") return "";
  const words = because[layer] ?? "";
  return layer === 2 && fault.requestId ? `${words}, request ${fault.requestId}` : words;
}
