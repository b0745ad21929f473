/** Names for the generated schemas; `schema.ts` is generated from `openapi.json`, which the hub's tests keep current. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type FleetNode = Schemas["Node"];
export type NodeStatus = Schemas["NodeStatus"];
export type ClusterView = Schemas["ClusterView"];
export type ObjectDetail = Schemas["ObjectDetail"];
export type Condition = Schemas["ConditionView"];
export type EventView = Schemas["EventView"];
export type Explanation = Schemas["Explanation"];
export type Link = Schemas["Link"];
export type BrokenLink = Schemas["BrokenLink"];
export type Action = Schemas["Action"];
export type Problem = Schemas["Problem"];
export type SnapshotMessage = Schemas["SnapshotMessage"];
export type DeltaMessage = Schemas["DeltaMessage"];
export type HeartbeatMessage = Schemas["HeartbeatMessage"];
