// Server-sent events out of chunks of text, as the HTML standard splits them.
export interface StreamEvent {
  event: string;
  data: string;
}

export function eventReader(tell: (event: StreamEvent) => void): (chunk: string) => void {
  let rest = "";
  let event = "";
  let data: string[] = [];

  const take = (line: string) => {
    if (line === "") {
      if (data.length > 0) tell({ event: event || "message", data: data.join("\n") });
      event = "";
      data = [];
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  };

  return (chunk) => {
    rest += chunk;
    // A carriage return at the very end may be the first half of a line end.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    lines.forEach(take);
  };
}
