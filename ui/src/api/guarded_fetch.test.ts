import { describe, expect, it } from "vitest";
import { FaultError } from "./fault";
import { faultOfAnswer, guardedFetch, type Answer } from "./guarded_fetch";

const answer = (facts: Partial<Answer>): Answer => ({
  status: 200,
  redirected: false,
  contentType: "application/json",
  body: "{}",
  ...facts,
});
const codeOf = (facts: Partial<Answer>) => faultOfAnswer(answer(facts))?.code;

const problem = {
  type: "/docs/codes/session_expired",
  status: 401,
  code: "session_expired",
  layer: 3,
  title: "Your session has ended.",
  detail: "",
  hint: "Sign in.",
  retryable: false,
  request_id: "req_1",
};

describe("an answer is believed only after a look at it", () => {
  it("data is data", () => {
    expect(codeOf({})).toBeUndefined();
    expect(codeOf({ contentType: "application/json; charset=utf-8" })).toBeUndefined();
    expect(codeOf({ contentType: "application/yaml", body: "a: 1" })).toBeUndefined();
    expect(codeOf({ status: 204, contentType: "", body: "" })).toBeUndefined();
  });

  it("a sign-in page under 200 is named with its title, never taken for success", () => {
    const body = "<html><head><title>Corporate\n sign in</title></head></html>";
    const fault = faultOfAnswer(answer({ contentType: "text/html", body }));
    expect(fault).toMatchObject({ code: "unexpected_html", layer: 2 });
    expect(fault?.detail).toContain("HTTP 200, text/html, title “Corporate sign in”");
  });

  it("a redirect is a proxy's, never followed", () => {
    expect(codeOf({ status: 302, redirected: true })).toBe("unexpected_html");
    expect(codeOf({ status: 0, redirected: true, contentType: "" })).toBe("unexpected_html");
  });

  it.each([502, 503, 504])("%i as a web page is an unavailable server", (status) => {
    expect(codeOf({ status, contentType: "text/html", body: "<h1>Bad</h1>" })).toBe("unavailable");
  });

  it("a problem document speaks for itself", () => {
    const facts = {
      status: 401,
      contentType: "application/problem+json",
      body: JSON.stringify(problem),
    };
    expect(faultOfAnswer(answer(facts))).toMatchObject({
      code: "session_expired",
      layer: 3,
      status: 401,
      requestId: "req_1",
    });
  });

  it("half an answer, empty data and a foreign failure are broken replies", () => {
    expect(codeOf({ body: '{"joined": tr' })).toBe("reply_broken");
    expect(codeOf({ body: "" })).toBe("reply_broken");
    expect(codeOf({ status: 500 })).toBe("reply_broken");
    expect(codeOf({ contentType: "text/plain" })).toBe("reply_broken");
    expect(codeOf({ status: 500, contentType: "application/problem+json", body: "{}" })).toBe(
      "reply_broken",
    );
  });
});

describe("the call itself", () => {
  const request = () => new Request("http://hedgerow.example/api/");
  const codeThrown = async (call: Promise<Response>) => {
    const thrown: unknown = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return thrown instanceof FaultError ? thrown.fault.code : thrown;
  };

  it("a lost network is said as such", async () => {
    const lost = () => Promise.reject(new TypeError("Failed to fetch"));
    expect(await codeThrown(guardedFetch(request(), lost))).toBe("network_down");
  });

  it("silence ends at the limit", async () => {
    const silent = (_: Request, init: RequestInit) =>
      new Promise<Response>((_resolve, reject) => {
        init.signal?.addEventListener("abort", () => reject(new Error("aborted")));
      });
    expect(await codeThrown(guardedFetch(request(), silent, 20))).toBe("client_timeout");
  });

  it("a body that never ends, ends at the limit, too", async () => {
    const headers = { "Content-Type": "application/json" };
    const drip = (_: Request, init: RequestInit) =>
      Promise.resolve(
        new Response(
          new ReadableStream({
            start(controller) {
              init.signal?.addEventListener("abort", () => controller.error(new Error("aborted")));
            },
          }),
          { headers },
        ),
      );
    expect(await codeThrown(guardedFetch(request(), drip, 20))).toBe("client_timeout");
  });

  it("a body cut off in the middle is a broken reply", async () => {
    const cut = () =>
      Promise.resolve(
        new Response(
          new ReadableStream({ start: (controller) => controller.error(new TypeError("cut")) }),
          { status: 202, headers: { "Content-Type": "application/json" } },
        ),
      );
    expect(await codeThrown(guardedFetch(request(), cut))).toBe("reply_broken");
  });

  it("asks for no redirects and no cached answers", async () => {
    let asked: RequestInit | undefined;
    const good = (_: Request, init: RequestInit) => {
      asked = init;
      return Promise.resolve(Response.json({ id: 1 }));
    };
    const response = await guardedFetch(request(), good);
    expect(await response.json()).toEqual({ id: 1 });
    expect(asked).toMatchObject({ redirect: "manual", cache: "no-store" });
  });
});
