// Short names for the contract's types. All of them come from api/openapi.yaml.
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type Session = Schemas["Session"];
export type Fabric = Schemas["Fabric"];
export type FabricList = Schemas["FabricList"];
export type FabricEdit = Schemas["FabricEdit"];
export type FabricWanted = Schemas["NewFabric"];
export type ConnectionFields = Schemas["ConnectionFields"];
export type Cluster = Schemas["Cluster"];
export type LostClick = Schemas["LostClick"];
export type Run = Schemas["Run"];
export type StartedRun = Schemas["StartedRun"];
export type Counts = Schemas["Counts"];
export type TraceLayer = Schemas["TraceLayer"];
export type KindRead = Schemas["KindRead"];
export type Kind = Schemas["Kind"];
export type KindCount = Schemas["KindCount"];
export type ObjectRow = Schemas["ObjectRow"];
export type Change = Schemas["Change"];
export type ConnectionTest = Schemas["ConnectionTest"];
export type MeasuredRung = Schemas["MeasuredRung"];
export type Problem = Schemas["Problem"];
export type HealthCheck = Schemas["HealthCheck"];
export type SeenFault = Schemas["SeenFault"];

export type Operation = Schemas["Operation"];
export type Trigger = Schemas["Trigger"];
export type RunState = Schemas["RunState"];
export type Outcome = Schemas["Outcome"];
export type LayerState = Schemas["LayerState"];
export type Reach = Schemas["Reach"];
export type Match = Schemas["Match"];
export type LastRun = Schemas["LastRun"];
export type HeadlineState = Schemas["HeadlineState"];
export type Authority = Schemas["Authority"];
export type Verdict = Schemas["Verdict"];
export type Coverage = Schemas["Coverage"];
export type ChangeKind = Schemas["ChangeKind"];
export type Presence = Schemas["Presence"];
export type Rung = Schemas["Rung"];
export type RungState = Schemas["RungState"];
export type Role = Schemas["Role"];
export type Permission = Schemas["Permission"];
