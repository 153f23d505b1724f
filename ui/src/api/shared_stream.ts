// Who shares one stream, and what it has to follow: pure rules of the worker.
export interface Wish {
  user: string;
  // None: this tab wants nothing.
  topics: readonly string[];
}

// The server follows no more in one stream.
export const topicsMost = 50;
// A tab that is gone, or put to sleep by its browser, leaves beats unanswered. It may come back.
const unansweredMost = 12;

export class Sharers<Tab> {
  private tabs = new Map<Tab, { wish: Wish; unanswered: number }>();
  user = "";

  // "other": it is somebody else's turn now, and those who were here before are gone.
  // "full": it has to go on by itself.
  hear(tab: Tab, wish: Wish): "known" | "new" | "full" | "other" {
    const before = this.tabs.get(tab)?.wish.topics;
    if (wish.topics.length === 0) {
      this.tabs.delete(tab);
      return "known";
    }
    if (wish.user !== this.user) {
      this.user = wish.user;
      this.tabs.clear();
      this.tabs.set(tab, { wish, unanswered: 0 });
      return "other";
    }
    this.tabs.set(tab, { wish, unanswered: 0 });
    if (this.topics().length > topicsMost) {
      this.tabs.delete(tab);
      return "full";
    }
    return before?.join() === wish.topics.join() ? "known" : "new";
  }

  topics(): string[] {
    const all = [...this.tabs.values()].flatMap(({ wish }) => wish.topics);
    return [...new Set(all)].sort();
  }

  all(): Tab[] {
    return [...this.tabs.keys()];
  }

  // Whom a beat goes to.
  beat(): Tab[] {
    for (const [tab, it] of this.tabs) {
      it.unanswered += 1;
      if (it.unanswered > unansweredMost) this.tabs.delete(tab);
    }
    return this.all();
  }

  clear(): Tab[] {
    const gone = this.all();
    this.tabs.clear();
    return gone;
  }
}
