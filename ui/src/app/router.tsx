// Every address of the page. Filters, sorting, tabs and paging live in the URL, nowhere else.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  Outlet,
  redirect,
  rootRouteId,
  type ErrorComponentProps,
} from "@tanstack/react-router";
import { basePath } from "../api/base_path";
import { sessionStore } from "../api/session";
import { FabricPage } from "../screens/fabric/fabric";
import { Fabrics } from "../screens/fabrics/fabrics";
import { ObjectPage, objectTabs } from "../screens/object/object";
import { Objects, objectOrderings, presences } from "../screens/objects/objects";
import { changeKinds } from "../screens/run/changes";
import { RunPage } from "../screens/run/run";
import { SignInPage } from "../screens/sign_in/sign_in";
import { Button } from "../ui/button";
import { ViewFault } from "./boundary";
import { safeNext } from "./next_path";
import {
  countOf,
  listOf,
  oneOf,
  parseSearch,
  present,
  stringifySearch,
  textOf,
} from "./search_params";
import { Shell } from "./shell";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search) => present({ next: textOf(search.next) }, search),
  component: SignInPage,
});

// Everything below needs a person; the way back is kept in `next`.
const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  component: Shell,
  beforeLoad: ({ location }) => {
    const { phase } = sessionStore.get();
    if (phase === "in" || phase === "ended") return;
    const next = safeNext(location.publicHref);
    const search = location.pathname === "/" ? {} : { next };
    throw redirect({ to: "/sign-in/", search, replace: true });
  },
});

const start = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/fabrics/", replace: true });
  },
});

const fabrics = createRoute({
  getParentRoute: () => inside,
  path: "/fabrics",
  validateSearch: (search) =>
    present({ q: textOf(search.q), offset: countOf(search.offset) }, search),
  component: Fabrics,
});

const addFabric = createRoute({
  getParentRoute: () => inside,
  path: "/fabrics/add",
  component: lazyRouteComponent(() => import("../screens/add_fabric/add_fabric"), "AddFabric"),
});

const id = {
  parse: (params: { id: string }) => {
    const number = countOf(params.id);
    // An address whose id is no number leads nowhere, as any unknown one.
    if (number === undefined) throw notFound({ routeId: rootRouteId });
    return { id: number };
  },
  stringify: (params: { id: number }) => ({ id: String(params.id) }),
};

const fabric = createRoute({
  getParentRoute: () => inside,
  path: "/fabrics/$id",
  params: id,
  component: FabricPage,
});

const settings = createRoute({
  getParentRoute: () => inside,
  path: "/fabrics/$id/settings",
  params: id,
  component: lazyRouteComponent(() => import("../screens/settings/settings"), "FabricSettings"),
});

const objects = createRoute({
  getParentRoute: () => inside,
  path: "/fabrics/$id/objects",
  params: id,
  validateSearch: (search) =>
    present(
      {
        q: textOf(search.q),
        kind: listOf(search.kind),
        namespace: listOf(search.namespace),
        presence: oneOf(search.presence, presences),
        ordering: oneOf(search.ordering, objectOrderings),
        limit: countOf(search.limit),
        offset: countOf(search.offset),
      },
      search,
    ),
  component: Objects,
});

const object = createRoute({
  getParentRoute: () => inside,
  path: "/objects/$id",
  params: id,
  validateSearch: (search) =>
    present(
      { tab: oneOf(search.tab, objectTabs), q: textOf(search.q), offset: countOf(search.offset) },
      search,
    ),
  component: ObjectPage,
});

const run = createRoute({
  getParentRoute: () => inside,
  path: "/runs/$id",
  params: id,
  validateSearch: (search) =>
    present({ change: oneOf(search.change, changeKinds), offset: countOf(search.offset) }, search),
  component: RunPage,
});

const health = createRoute({
  getParentRoute: () => inside,
  path: "/health",
  component: lazyRouteComponent(() => import("../screens/health/health"), "Health"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    inside.addChildren([start, fabrics, addFabric, fabric, settings, objects, object, run, health]),
  ]),
  basepath: basePath || "/",
  trailingSlash: "always",
  parseSearch,
  stringifySearch,
  // Only code: what a screen reads is read when it opens.
  defaultPreload: "intent",
  defaultErrorComponent: RouteFault,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

function RouteFault({ error, reset }: ErrorComponentProps) {
  const fault = error instanceof Error ? error : new Error(String(error));
  return <ViewFault view={location.pathname} fault={fault} onReload={reset} />;
}

function NotFound() {
  return (
    <main className="middle stack">
      <h1>There is no page at this address.</h1>
      <p className="muted">
        Nothing was changed. The address may be mistyped or of another version.
      </p>
      <div>
        <Button kind="primary" onPress={() => void router.navigate({ to: "/fabrics/" })}>
          Go to the fabrics
        </Button>
      </div>
    </main>
  );
}
