// The shapes of the contract, as the page's own types have them.
import type { components } from "../../ui/src/api/schema.gen";

type Schemas = components["schemas"];
export type Account = Schemas["Account"];
export type Change = Schemas["Change"];
export type ConnectionFields = Schemas["ConnectionFields"];
export type ConnectionTest = Schemas["ConnectionTest"];
export type Fabric = Schemas["Fabric"];
export type HealthCheck = Schemas["HealthCheck"];
export type HealthReport = Schemas["HealthReport"];
export type Kind = Schemas["Kind"];
export type ObjectRow = Schemas["ObjectRow"];
export type ObservedObject = Schemas["Object"];
export type OpenSession = Schemas["OpenSession"];
export type Problem = Schemas["Problem"];
export type Role = Schemas["Role"];
export type Run = Schemas["Run"];
export type Session = Schemas["Session"];
export type StartedRun = Schemas["StartedRun"];

export interface List<T> {
  count: number;
  next: string | null;
  previous: string | null;
  results: T[];
}
