// Administrators who add, change and delete fabrics while the server may die at any instant. What was acknowledged
// must be there afterwards, of what had no answer it may be, and nothing else.
import { expect } from "@playwright/test";
import { freshKey, type Api, type Answer } from "./api";
import { fieldsOf, type OwnNamespace } from "./own_namespace";
import type { Fabric, Problem } from "./types";

// What is said of one thing while nobody knows what became of the last request.
export class Kept<T> {
  private readonly perhaps = new Set<T>();

  constructor(private acknowledged: T) {}

  asked(value: T): void {
    this.perhaps.add(value);
  }

  refused(value: T): void {
    this.perhaps.delete(value);
  }

  // Acknowledged, or found after the last request had no answer.
  is(value: T): void {
    this.acknowledged = value;
    this.perhaps.clear();
  }

  expect(found: T, what: string): void {
    expect([this.acknowledged, ...this.perhaps], what).toContain(found);
    this.is(found);
  }
}

const fabricsMost = 12;
const fabricsLeast = 4;

export class LoadedFabrics {
  readonly done = { added: 0, edited: 0, deleted: 0 };
  private readonly there = new Map<number, Kept<string>>();
  // Requests to add one that have no answer yet: the name of each by its key.
  private readonly adding = new Map<string, string>();
  private readonly leaving = new Set<number>();
  private readonly gone = new Set<number>();

  constructor(
    private readonly cluster: OwnNamespace,
    private readonly administrator: Api,
    private readonly next: () => number,
  ) {}

  get ids(): number[] {
    return [...this.there.keys()];
  }

  any(): number {
    const ids = this.ids;
    return ids[Math.floor(this.next() * ids.length)] ?? 0;
  }

  // Whether an answer may say that there is no such fabric.
  mayBeGone(id: number): boolean {
    return this.leaving.has(id) || this.gone.has(id);
  }

  // Whether that is what an answer says, and may say.
  isGone(id: number, { status }: Answer): boolean {
    return status === 404 && this.mayBeGone(id);
  }

  private post(name: string, key: string): Promise<Answer<Fabric & Problem>> {
    const { connection, namespace } = this.cluster;
    const body = { name, shares_cluster: true, cluster: fieldsOf(connection, namespace) };
    const headers = { "Idempotency-Key": key };
    return this.administrator.ask("POST", "/api/fabrics/", { headers, body });
  }

  async add(): Promise<void> {
    const key = freshKey();
    const name = `fabric ${key.slice(0, 8)}`;
    this.adding.set(key, name);
    this.added(key, await this.post(name, key));
  }

  private added(key: string, { status, body, text }: Answer<Fabric & Problem>): number {
    expect(status, text).toBe(201);
    this.adding.delete(key);
    if (!this.there.has(body.id)) this.there.set(body.id, new Kept(""));
    this.done.added += 1;
    return body.id;
  }

  async change(): Promise<void> {
    const which = this.next();
    if (this.there.size < fabricsMost && which < 0.1) return await this.add();
    if (this.there.size > fabricsLeast && which > 0.95) return await this.delete(this.any());
    await this.describe(this.any());
  }

  private async describe(id: number): Promise<void> {
    const path = `/api/fabrics/${id}/`;
    const read = await this.administrator.ask<Fabric>("GET", path);
    const kept = this.there.get(id);
    if (this.isGone(id, read) || !kept) return;
    const description = freshKey();
    kept.asked(description);
    const answer = await this.administrator.ask<Problem>("PATCH", path, {
      headers: { "If-Match": read.headers.get("ETag") ?? "" },
      body: { description },
    });
    if (answer.status === 200) {
      kept.is(description);
      this.done.edited += 1;
    } else {
      expect(answer.body.code, answer.text).toBe("changed_meanwhile");
      kept.refused(description);
    }
  }

  private async delete(id: number): Promise<void> {
    const path = `/api/fabrics/${id}/`;
    const { body } = await this.administrator.ask<Fabric>("GET", path);
    this.leaving.add(id);
    await this.administrator.must("DELETE", `${path}?name=${encodeURIComponent(body.name)}`);
    this.left(id);
    this.done.deleted += 1;
  }

  private left(id: number): void {
    this.there.delete(id);
    this.leaving.delete(id);
    this.gone.add(id);
  }

  // All that were acknowledged are there and say what somebody said, all that were deleted are gone, and a request
  // without an answer, made once more with its key, has made one fabric.
  async expectKept(): Promise<void> {
    const before = this.adding.size > 0 ? await this.listed() : [];
    for (const [key, name] of [...this.adding]) {
      const had = before.filter((fabric) => fabric.name === name).map(({ id }) => id);
      const id = this.added(key, await this.post(name, key));
      if (had.length > 0) expect(had, `${name} was added once`).toEqual([id]);
    }
    const found = new Map((await this.listed()).map((fabric) => [fabric.id, fabric]));
    for (const [id, kept] of [...this.there]) {
      const fabric = found.get(id);
      if (!fabric && this.leaving.has(id)) this.left(id);
      else kept.expect(fabric?.description ?? "(gone)", `fabric ${id} says what somebody said`);
    }
    this.leaving.clear();
    expect([...found.keys()].sort(), "each was asked for, and none came back").toEqual(
      this.ids.sort(),
    );
  }

  private async listed(): Promise<Fabric[]> {
    const path = "/api/fabrics/?limit=1000";
    return (await this.administrator.must<{ results: Fabric[] }>("GET", path)).results;
  }
}
