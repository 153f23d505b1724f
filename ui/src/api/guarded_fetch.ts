// The one way out to the server. Status and content type are looked at before the body is believed:
// a web page, a redirect, half an answer, silence and a lost network each become a fault of layer 2.
import { pageFault, text } from "../text/faults";
import { limits } from "./limits";
import { FaultError, faultOfProblem, isProblem, type Fault } from "./fault";

export const answerLimitMs = limits.answer;

export interface Answer {
  status: number;
  redirected: boolean;
  contentType: string;
  body: string;
}

// Nothing: the answer is what was asked for. Otherwise: why it may not be believed, or what it refuses.
export function faultOfAnswer(answer: Answer): Fault | undefined {
  const { status, body } = answer;
  const type = answer.contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  if (answer.redirected) return pageFault("unexpected_html", text.redirect());
  if (type === "application/problem+json" && status >= 400) return faultOfProblemText(status, body);
  if (status === 502 || status === 503 || status === 504)
    return pageFault("unavailable", text.notReady(status), { status });
  if (type === "text/html")
    return pageFault("unexpected_html", text.webPage(status, type, titleOf(body)), { status });
  if (status === 204) return undefined;
  if (status < 200 || status > 299) return pageFault("reply_broken", text.notData(status, type));
  if (type === "application/yaml") return undefined;
  if (type !== "application/json") return pageFault("reply_broken", text.notData(status, type));
  return parsed(body) === undefined ? pageFault("reply_broken", text.cut(status)) : undefined;
}

function faultOfProblemText(status: number, body: string): Fault {
  const problem = parsed(body);
  return isProblem(problem)
    ? faultOfProblem(problem)
    : pageFault("reply_broken", text.cut(status), { status });
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

function titleOf(page: string): string {
  const found = /<title[^>]*>([^<]{0,200})/i.exec(page)?.[1] ?? "";
  return found.replace(/\s+/g, " ").trim().slice(0, 80);
}

export type Fetch = (request: Request, init: RequestInit) => Promise<Response>;

// Answers that may be believed; throws FaultError for all others.
export async function guardedFetch(
  request: Request,
  fetch: Fetch = (what, how) => globalThis.fetch(what, how),
  limitMs: number = answerLimitMs,
): Promise<Response> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), limitMs);
  const signal = AbortSignal.any([request.signal, limit.signal]);
  let reached: Response | undefined;
  try {
    const response = await fetch(request, { redirect: "manual", cache: "no-store", signal });
    reached = response;
    const answer = {
      status: response.status,
      redirected: response.type === "opaqueredirect" || isRedirect(response.status),
      contentType: response.headers.get("Content-Type") ?? "",
      body: await response.text(),
    };
    const fault = faultOfAnswer(answer);
    if (fault) throw new FaultError(fault);
    const body = answer.status === 204 ? null : answer.body;
    return new Response(body, { status: answer.status, headers: response.headers });
  } catch (thrown) {
    if (thrown instanceof FaultError) throw thrown;
    if (limit.signal.aborted)
      throw new FaultError(pageFault("client_timeout", text.tooSlow(limitMs / 1000)));
    if (request.signal.aborted) throw thrown;
    if (reached) throw new FaultError(pageFault("reply_broken", text.cut(reached.status)));
    throw new FaultError(pageFault("network_down", text.noAnswer()));
  } finally {
    clearTimeout(timer);
  }
}

const isRedirect = (status: number) => status >= 300 && status <= 399;
