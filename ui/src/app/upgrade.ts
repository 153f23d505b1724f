// Notices that the server is another version than the one this page was loaded from.
import { sessionStore } from "../api/session";
import { makeStore } from "../api/store";

export const upgradeStore = makeStore<string | undefined>(undefined);

export function openUpgradeWatch(): void {
  let first: string | undefined;
  const look = () => {
    const state = sessionStore.get();
    if (!("session" in state)) return;
    const { version } = state.session;
    first ??= version;
    if (version !== first) upgradeStore.set(version);
  };
  sessionStore.subscribe(look);
  look();
}
