// A person before a browser. Their page is a Playwright page that can also sign in and open what was added.
import { expect, type Page, type Locator } from "@playwright/test";
import { breachOf } from "./contract";
import { passwords } from "./server";
import { secretIn } from "./secrets";
import { allByName } from "./tree";
import type { Fabric, Role, Run } from "./types";

// What the browser itself says of an answer that was refused or did not come.
export const networkLines = /Failed to load resource/;

// The addresses by which people come: the second is no secure one to a browser. Before the name of a test, and its host.
export const ways = { "": "127.0.0.1", "56: by host name too, ": "hedgerow.lab" };
export const byHost = (url: string, host = ways["56: by host name too, "]) =>
  url.replace(/127\.0\.0\.1|hedgerow\.lab/, host);

export interface Journey extends PromiseLike<void> {
  open(fabric: Pick<Fabric, "id" | "name">): Promise<void>;
}

interface Doings {
  person: Person;
  // Signs in on the sign-in page, with the least role that should work.
  signIn(role: Role): Journey;
  // Signs in in the dialog that lies over the page.
  signInHere(role: Role): Promise<void>;
  openFabric(fabric: Pick<Fabric, "id" | "name">): Promise<void>;
  sync(): Locator;
  headline(): Locator;
  // The run that the page of a fabric watches, in one sentence.
  watched(): Locator;
  layer(number: number): Locator;
  // Of the nine layers on the page this one failed, or was done in part, and no other.
  oneRed(layer: number, as?: "failed" | "partly"): Promise<void>;
  // Errors of the console that the test itself brings about.
  allow(expected: RegExp): void;
  // Another tab of the same browser.
  otherTab(): Promise<PersonPage>;
  // From now on they come by this address, such as a proxy's.
  comeBy(url: string): void;
  at(path: string): string;
  clickedASecondAgo(): Promise<void>;
}

export type PersonPage = Page & Doings;

const addressOf = (page: PersonPage, { id }: Pick<Fabric, "id">) => page.at(`/fabrics/${id}/`);

export class Person {
  readonly page: PersonPage;
  private readonly errors: string[] = [];
  private readonly allowed: RegExp[] = [];

  constructor(
    page: Page,
    private url: () => string,
  ) {
    this.listen(page);
    this.page = Object.assign(page, this.doings(page));
  }

  private doings(page: Page): Doings {
    return {
      person: this,
      signIn: (role) => this.journey(role),
      signInHere: (role) => this.signInHere(role),
      openFabric: (fabric) => this.openFabric(fabric),
      sync: () => page.getByRole("button", { name: "Sync from Fabric" }),
      headline: () => page.locator("#headline"),
      watched: () => page.locator("main [role=status] h2"),
      layer: (number) => page.locator(`[data-layer="${number}"]`),
      oneRed: async (layer, as = "failed") => {
        const red = page.locator('[data-layer]:is([data-state="failed"], [data-state="partly"])');
        await expect(page.locator("[data-layer]")).toHaveCount(9);
        await expect(page.locator(`[data-layer="${layer}"]`)).toHaveAttribute("data-state", as);
        await expect(red).toHaveCount(1);
      },
      allow: (expected) => void this.allowed.push(expected),
      otherTab: async () => {
        const other = new Person(await page.context().newPage(), this.url);
        other.errors.push = (...found) => this.errors.push(...found);
        return other.page;
      },
      comeBy: (url) => void (this.url = () => url),
      at: (path) => this.base().replace(/\/$/, "") + path,
      // A click within a second of the last one is the same click.
      clickedASecondAgo: () => expect(page.getByText(/ended [1-9]\d* s ago/)).toBeVisible(),
    };
  }

  private base(): string {
    return allByName ? byHost(this.url()) : this.url();
  }

  private listen(page: Page): void {
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.errors.push(`page: ${String(error.stack ?? error)}`));
    page.on("response", (response) => {
      const url = new URL(response.url());
      if (!url.pathname.includes("/api/") || url.pathname.endsWith("/events/")) return;
      if (response.request().isNavigationRequest()) return;
      const method = response.request().method();
      const type = response.headers()["content-type"] ?? "";
      void response.text().then(
        (body) => {
          // The contract's paths begin where the server's own do, below whatever base.
          const path = url.pathname.slice(url.pathname.indexOf("/api/"));
          const seen = { method, path, status: response.status(), type, body };
          const breach = breachOf(seen);
          if (breach) this.errors.push(`contract: ${method} ${url.pathname}: ${breach}`);
          const secret = secretIn(body);
          if (secret) this.errors.push(`secret: ${method} ${url.pathname} gives ${secret} away`);
        },
        // A page that was left has no bodies any more.
        () => undefined,
      );
    });
  }

  faults(): string[] {
    return this.errors.filter((error) => !this.allowed.some((allowed) => allowed.test(error)));
  }

  private journey(role: Role): Journey {
    return {
      then: (onDone, onFailed) => this.signIn(role).then(onDone, onFailed),
      // By a link to it, which asks to sign in on the way.
      open: async (fabric) => {
        await this.page.goto(addressOf(this.page, fabric));
        await this.signIn(role);
        await expect(this.page).toHaveTitle(new RegExp(fabric.name));
      },
    };
  }

  private async signIn(role: Role): Promise<void> {
    const { page } = this;
    if (!page.url().startsWith("http")) await page.goto(this.base());
    await this.fill(page, role);
    await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
  }

  private async signInHere(role: Role): Promise<void> {
    const dialog = this.page.getByRole("dialog", { name: "Sign in to go on" });
    await this.fill(dialog, role);
    await expect(dialog).toBeHidden();
  }

  private async fill(form: Page | Locator, role: Role): Promise<void> {
    await form.getByLabel("User name").fill(role);
    await form.getByLabel("Password", { exact: true }).fill(passwords[role]);
    await form.getByRole("button", { name: "Sign in", exact: true }).click();
  }

  private async openFabric(fabric: Pick<Fabric, "id" | "name">): Promise<void> {
    await this.page.goto(addressOf(this.page, fabric));
    await expect(this.page).toHaveTitle(new RegExp(fabric.name));
  }
}

// What a failing test wants to know of its run.
export const traceOf = (run: Run) =>
  run.trace.map((it) => `${it.layer} ${it.name}: ${it.state} ${it.evidence}`).join("\n");
