// People who sign in and out, one whose role changes, and what they look at and try, while the server may die at any
// instant.
import { expect } from "@playwright/test";
import { freshKey, type Api } from "./api";
import type { Hedgerow } from "./fixtures";
import { Kept, type LoadedFabrics } from "./load_fabrics";
import { fieldsOf, type OwnNamespace } from "./own_namespace";
import { keep } from "./secrets";
import { passwords, type TestServer } from "./server";
import type { Account, ConnectionTest, Problem, Role, Session } from "./types";

const insideMost = 3;
const rolesInTurn: Role[] = ["operator", "viewer"];

export class LoadedPeople {
  readonly done = { signedIn: 0, signedOut: 0, roles: 0, tests: 0, pages: 0 };
  private readonly inside = new Set<Api>();
  // Whose sign-out has no answer, and the cookies of whom it was acknowledged to.
  private leaving: Api | undefined;
  private gone: string[] = [];
  private coming = 0;
  private readonly tests: number[] = [];
  private readonly role = new Kept<Role>("viewer");

  private constructor(
    private readonly server: TestServer,
    private readonly people: { viewer: Api; administrator: Api; changing: Account },
    private readonly fabrics: LoadedFabrics,
    private readonly cluster: OwnNamespace,
  ) {}

  static async of(
    { server }: Hedgerow,
    fabrics: LoadedFabrics,
    cluster: OwnNamespace,
  ): Promise<LoadedPeople> {
    const administrator = await server.as("administrator");
    const password = keep("the password of whose role changes", `${freshKey()} ${freshKey()}`);
    const changing = await administrator.must<Account>("POST", "/api/users/", {
      headers: { "Idempotency-Key": freshKey() },
      body: { username: "changing", password, role: "viewer" },
    });
    const people = { administrator, changing, viewer: await server.as("viewer") };
    return new LoadedPeople(server, people, fabrics, cluster);
  }

  // One of those who come and go.
  async visit(): Promise<void> {
    if (this.inside.size < insideMost) await this.signIn();
    else await this.signOut();
    await this.look();
  }

  private async signIn(): Promise<void> {
    const visitor = this.server.stranger();
    this.coming += 1;
    await visitor.signIn("viewer", passwords.viewer);
    this.coming -= 1;
    this.inside.add(visitor);
    this.done.signedIn += 1;
  }

  private async signOut(): Promise<void> {
    const [visitor] = this.inside;
    if (!visitor) return;
    const { cookie } = visitor;
    this.inside.delete(visitor);
    this.leaving = visitor;
    await visitor.must("DELETE", "/api/session/");
    this.leaving = undefined;
    this.gone = [...this.gone.slice(-1), cookie];
    this.done.signedOut += 1;
  }

  // The page that needs no script.
  private async look(): Promise<void> {
    const id = this.fabrics.any();
    const answer = await fetch(new URL(`/basic/fabrics/${id}/`, this.server.url), {
      headers: { Cookie: this.people.viewer.cookie },
    });
    const text = await answer.text();
    if (answer.status === 404 && this.fabrics.mayBeGone(id)) return;
    expect(answer.status, text.slice(0, 500)).toBe(200);
    expect(text).toContain("</html>");
    this.done.pages += 1;
  }

  async changeRole(): Promise<void> {
    const role = rolesInTurn[this.done.roles % 2] as Role;
    this.role.asked(role);
    await this.people.administrator.giveRole("changing", role);
    this.role.is(role);
    this.done.roles += 1;
  }

  // Of a connection that is not stored.
  async testConnection(): Promise<void> {
    const { connection, namespace } = this.cluster;
    const body = { cluster: fieldsOf(connection, namespace) };
    const answer = await this.people.administrator.ask<ConnectionTest & Problem>(
      "POST",
      "/api/connection-tests/",
      { body },
    );
    if (answer.status !== 202) return expect(answer.body.code, answer.text).toBe("unavailable");
    this.tests.push(answer.body.id);
    this.done.tests += 1;
  }

  async expectKept(): Promise<void> {
    const { administrator, changing } = this.people;
    const account = await administrator.must<Account>("GET", `/api/users/${changing.id}/`);
    this.role.expect(account.role, "the role that somebody gave");
    for (const id of this.tests.splice(0))
      expect(
        (await administrator.must<ConnectionTest>("GET", `/api/connection-tests/${id}/`)).state,
        `connection test ${id} does not go on for ever`,
      ).toBe("ended");
    await this.expectSessions();
  }

  // Whoever was signed in still is, whoever was signed out is not, and nobody else came in. A session that nobody
  // knows the answer of is ended.
  private async expectSessions(): Promise<void> {
    const own = new Set([(await this.people.viewer.ownSession()).id]);
    for (const visitor of this.inside) own.add((await visitor.ownSession()).id);
    for (const cookie of this.gone) {
      const headers = { Cookie: cookie };
      const session = await this.server
        .stranger()
        .must<Session>("GET", "/api/session/", { headers });
      expect(session.user, "who had signed out is not let in again").toBeUndefined();
    }
    const there = (await this.people.administrator.sessions())
      .filter(({ user }) => user.username === "viewer")
      .map(({ id }) => id);
    expect(there, "all of them").toEqual(expect.arrayContaining([...own]));
    const others = there.filter((id) => !own.has(id));
    const unanswered = this.coming + (this.leaving ? 1 : 0);
    expect(others.length, "sessions that nobody asked for").toBeLessThanOrEqual(unanswered);
    for (const id of others) await this.people.administrator.must("DELETE", `/api/sessions/${id}/`);
    this.coming = 0;
    this.leaving = undefined;
  }
}
