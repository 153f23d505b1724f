// Where the application lives below its host.
import { said } from "./said";

export function cleanBase(content: string): string {
  if (content.startsWith("__")) return "";
  return content.replace(/\/+$/, "");
}

export const basePath = cleanBase(said("base"));
