/** Made-up nodes and messages for tests. */
import type { ClusterView, DeltaMessage, FleetNode, SnapshotMessage } from "../api/types";

/** A node by its id, ready unless said otherwise. */
export function node(id: string, change: Partial<FleetNode> = {}): FleetNode {
  const [cluster = "", group = "", kind = "", namespace = "", name = ""] = id.split("/");
  return {
    id,
    role: kind === "Kustomization" ? "reconciler" : kind === "GitRepository" ? "source" : "object",
    cluster,
    group,
    kind,
    namespace,
    name,
    status: "ready",
    suspended: false,
    reason: "",
    message: "",
    revision: "",
    changedAt: "",
    observedAt: 1,
    ...change,
  };
}

export function cluster(name: string, change: Partial<ClusterView> = {}): ClusterView {
  return { name, simulated: false, link: "live", linkMessage: "", linkSince: 1, contactAt: 1, ...change };
}

export function snapshot(nodes: FleetNode[], clusters: ClusterView[] = [cluster("c")]): SnapshotMessage {
  return { revision: 1, first: true, last: true, clusters, nodes, now: 1 };
}

export function delta(nodes: FleetNode[], removed: string[] = []): DeltaMessage {
  return { revision: 2, clusters: [], removedClusters: [], nodes, removed, now: 1 };
}
