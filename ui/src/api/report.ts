// Tells the server of a fault of this page, so that whoever looks after it sees it too.
import { bodyOf, client, withCsrf } from "./client";
import { pageVersion } from "./page_version";

// Gives the id under which it stands in System health.
export async function reportViewFault(view: string, fault: Error): Promise<string> {
  const body = {
    code: "view_fault" as const,
    view: view.slice(0, 200),
    detail: `${fault.name}: ${fault.message}\n${fault.stack ?? ""}`.slice(0, 4_000),
    page_version: pageVersion,
  };
  const reported = await withCsrf(() => bodyOf(client.POST("/api/client-reports/", { body })));
  return reported.request_id;
}
