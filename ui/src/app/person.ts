// Whose page this is, for what must not pass from one person to the next.
import { personHere, sessionStore } from "../api/session";
import { useStore } from "../api/store";

export function usePerson(): string {
  useStore(sessionStore);
  return personHere() ?? "";
}
