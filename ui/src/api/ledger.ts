// Which revisions were announced and which ones stand on the page: so a missed event is noticed at the
// next heartbeat, and an older snapshot never replaces a newer one.
export class Ledger {
  private announced_ = new Map<string, number>();
  private covered_ = new Map<string, Map<string, number>>();
  private back_ = new Map<string, number>();

  announce(topic: string, revision: number): void {
    this.announced_.set(topic, revision);
  }

  // Called when a read starts: whatever was announced until now is in its answer.
  begin(topics: readonly string[]): Map<string, number> {
    return new Map(topics.map((topic) => [topic, this.announced_.get(topic) ?? -1]));
  }

  finish(
    hash: string,
    began: Map<string, number>,
    own?: { topic: string; revision: number },
  ): void {
    const covered = new Map(began);
    if (own) covered.set(own.topic, Math.max(own.revision, covered.get(own.topic) ?? -1));
    this.covered_.set(hash, covered);
  }

  isBehind(hash: string, topics: readonly string[]): boolean {
    const covered = this.covered_.get(hash);
    if (!covered) return false;
    return topics.some((topic) => (this.announced_.get(topic) ?? -1) > (covered.get(topic) ?? -1));
  }

  // Two heartbeats in a row below what is shown: the record itself went back, as after a restore.
  wentBack(hash: string, topics: readonly string[]): boolean {
    const covered = this.covered_.get(hash);
    const back = topics.some((topic) => {
      const announced = this.announced_.get(topic);
      return announced !== undefined && announced < (covered?.get(topic) ?? -1);
    });
    const beats = back ? (this.back_.get(hash) ?? 0) + 1 : 0;
    this.back_.set(hash, beats);
    return beats >= 2;
  }

  forget(): void {
    this.announced_.clear();
    this.covered_.clear();
    this.back_.clear();
  }
}

// The newer of two snapshots of one thing; the same revision is the fresher reading.
export function newer<T extends { revision: number }>(old: T | undefined, fresh: T): T {
  return old && fresh.revision < old.revision ? old : fresh;
}
