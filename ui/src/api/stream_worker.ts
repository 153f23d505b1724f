// The worker that all tabs of one browser share: it holds their one event stream and hands on what that says. It knows
// no session and shows nothing; each tab judges by itself what it hears, and how old that is.
import { Sharers, type Wish } from "./shared_stream";
import { EventStream, tick, type Beat, type Told } from "./stream";

// What the worker says. Whatever it is, it shows that the worker is alive.
export type Word = { sent: number } & (Told | { is: "here" } | { is: "full" });
// What a tab says.
export type Asked = Wish & { nudge?: boolean };

const tabs = new Sharers<MessagePort>();
let lastBeat: { told: Extract<Told, { is: "event" }>; at: number; topics: string[] } | undefined;

const say = (tab: MessagePort, told: Told | { is: "here" } | { is: "full" }) =>
  tab.postMessage({ ...told, sent: tick() } satisfies Word);

const stream = new EventStream((told) => {
  if (told.is === "refused") {
    // Each asks again as soon as it knows who is signed in.
    for (const tab of tabs.clear()) say(tab, told);
    return;
  }
  const isBeat = told.is === "event" && told.event === "hb";
  if (isBeat) lastBeat = { told, at: tick(), topics: topicsIn(told.data) };
  for (const tab of isBeat ? tabs.beat() : tabs.all()) say(tab, told);
  if (isBeat) follow();
});

// Those of the stream that it came by, which may be the one before the newest.
const topicsIn = (beat: string) => Object.keys((JSON.parse(beat) as Beat).revisions);

let timer: ReturnType<typeof setTimeout> | undefined;

// Soon, since several tabs and topics often change together.
function follow(): void {
  timer ??= setTimeout(() => {
    timer = undefined;
    stream.want(tabs.topics().join(","));
  }, 100);
}

function hear(tab: MessagePort, { nudge, ...wish }: Asked): void {
  const before = tabs.all();
  const heard = tabs.hear(tab, wish);
  if (heard === "other") {
    lastBeat = undefined;
    stream.want("");
    for (const other of before) if (other !== tab) say(other, { is: "refused" });
  }
  if (nudge) stream.nudge();
  follow();
  say(tab, { is: heard === "full" ? "full" : "here" });
  // What is followed already need not wait for the next beat.
  if (heard === "new" && lastBeat && wish.topics.every((it) => lastBeat?.topics.includes(it)))
    say(tab, { ...lastBeat.told, age: lastBeat.told.age + tick() - lastBeat.at });
}

globalThis.addEventListener("connect", (event) => {
  const [tab] = (event as MessageEvent).ports;
  if (tab) tab.onmessage = ({ data }: MessageEvent<Asked>) => hear(tab, data);
});
