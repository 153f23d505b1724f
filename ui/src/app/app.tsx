// From an empty page to the first screen: who is here is read first, everything else follows from it.
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect } from "react";
import { I18nProvider, RouterProvider as AriaRouter } from "react-aria-components";
import { backoffMs } from "../api/backoff";
import { readSession } from "../api/client";
import { faultOf } from "../api/fault";
import { queryClient } from "../api/queries";
import { sessionStore } from "../api/session";
import { useStore } from "../api/store";
import { Loading } from "../ui/panel";
import { Boundary } from "./boundary";
import { router } from "./router";

let failures = 0;
let again: ReturnType<typeof setTimeout> | undefined;

async function findOutWhoIsHere(): Promise<void> {
  clearTimeout(again);
  try {
    await readSession();
    failures = 0;
  } catch (thrown) {
    failures += 1;
    const fault = faultOf(thrown);
    if (sessionStore.get().phase === "unknown") sessionStore.set({ phase: "unknown", fault });
    again = setTimeout(() => void findOutWhoIsHere(), backoffMs(failures, fault.retryAfter));
  }
}

export function App() {
  const state = useStore(sessionStore);
  useEffect(() => void findOutWhoIsHere(), []);
  if (state.phase === "unknown")
    return (
      <main className="content">
        <h1 className="unseen">Hedgerow</h1>
        <Loading again fault={state.fault} onRetry={() => void findOutWhoIsHere()} />
      </main>
    );
  return (
    <Boundary view="the page">
      <QueryClientProvider client={queryClient}>
        <I18nProvider locale="en-US">
          <AriaRouter navigate={(path) => router.history.push(path)}>
            <RouterProvider router={router} />
          </AriaRouter>
        </I18nProvider>
      </QueryClientProvider>
    </Boundary>
  );
}
