// Sign in, or make the first administrator when nobody exists yet. Afterwards the very address that
// was asked for opens, with its filters.
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { sessionStore } from "../../api/session";
import { useStore } from "../../api/store";
import { safeNext, startPath } from "../../app/next_path";
import { NotProtected } from "../../app/shell";
import { SignInForm } from "../../app/sign_in_form";
import { useTitle } from "../../app/title";
import { basePath } from "../../api/base_path";
import { SetUpForm } from "./set_up_form";

const route = getRouteApi("/sign-in");

export function SignInPage() {
  const state = useStore(sessionStore);
  const router = useRouter();
  const next = safeNext(route.useSearch().next);
  const signedIn = state.phase === "in";
  useTitle("Sign in");

  useEffect(() => {
    if (signedIn) router.history.replace(next === startPath ? `${basePath}/` : next);
  }, [signedIn, next, router]);

  if (state.phase !== "out") return null;
  const { setup_needed, version } = state.session;
  return (
    <>
      {!state.session.protected && <NotProtected />}
      <main className="middle stack wide">
        <h1>{setup_needed ? "Set up Hedgerow" : "Sign in to Hedgerow"}</h1>
        {next !== startPath && (
          <p className="muted">
            To continue to <span className="mono">{next}</span>
          </p>
        )}
        {setup_needed ? <SetUpForm /> : <SignInForm />}
        <p className="muted small">Version {version}</p>
      </main>
    </>
  );
}
