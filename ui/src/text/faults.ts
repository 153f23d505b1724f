// Sentences for what the page itself finds out about an answer, before anybody may believe it.
import type { Fault } from "../api/fault";
import { codes, type Code } from "./codes.gen";

export type PageCode =
  | "network_down"
  | "client_timeout"
  | "unexpected_html"
  | "reply_broken"
  | "unavailable"
  | "csrf_refused"
  | "cookies_blocked"
  | "too_large";

export function pageFault(code: PageCode, detail: string, facts: Partial<Fault> = {}): Fault {
  const words = codes[code];
  return {
    code,
    layer: words.layer,
    title: words.title,
    detail,
    hint: words.next,
    retryable: words.retryable,
    errors: [],
    ...facts,
  };
}

export const text = {
  noAnswer: () => "The server could not be reached.",
  tooSlow: (seconds: number) => `The server did not answer within ${seconds} s.`,
  webPage: (status: number, type: string, title: string) =>
    `The answer was a web page, not data (HTTP ${status}, ${type}${title && `, title “${title}”`}). ` +
    "A proxy between you and the server probably wants its own login.",
  redirect: () =>
    "The answer was a redirect to another page, not data. A proxy between you and the server " +
    "probably wants its own login.",
  notData: (status: number, type: string) =>
    `The answer was not data (HTTP ${status}, ${type || "no content type"}).`,
  cut: (status: number) => `The answer could not be read to its end (HTTP ${status}).`,
  notReady: (status: number) => `The server is starting or overloaded (${status}).`,
  refusedTwice: (requestId: string | undefined) =>
    "The page’s security token was refused twice. Cookies may be blocked for this site, or two " +
    "servers answer under one name. Reload once; if it comes back, give your administrator " +
    (requestId ? `request id ${requestId}.` : "the time of this click."),
  cookieLost: () =>
    "Your browser did not keep our cookie. Is this page opened over http while the server expects " +
    "https, or are cookies blocked for this address?",
};

// What happened, in the catalogue's words, where it knows the code.
export const titleOf = (code: string | undefined): string =>
  code !== undefined && Object.hasOwn(codes, code) ? codes[code as Code].title : "";

// What the failure means for the person's data, where the catalogue knows the code.
export function meaningOf(fault: Fault): string {
  return Object.hasOwn(codes, fault.code) ? codes[fault.code as Code].meaning : "";
}
