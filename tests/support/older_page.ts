// A page of before an upgrade: its scripts name an older version than the server's.
import type { Page } from "@playwright/test";
import { byHost } from "./person";
import type { TestServer } from "./server";

// Whatever this page loads from now on; dispose of what is given, and a reload is the upgrade.
export async function makeOlder(page: Page, server: TestServer) {
  const { page: version } = await server.stranger().must<{ page: string }>("GET", "/version");
  return page.route("**/assets/*.js", async (route) => {
    // The browser alone knows the names by which it is led here.
    const answer = await route.fetch({ url: byHost(route.request().url(), "127.0.0.1") });
    const body = (await answer.text()).replaceAll(version, "0.0.9-of-old");
    // An upgrade gives its scripts other names; here they keep theirs, so they must not be kept.
    const headers = { ...answer.headers(), "cache-control": "no-store" };
    await route.fulfill({ response: answer, headers, body });
  });
}
