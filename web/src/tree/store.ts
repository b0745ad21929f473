/**
 * The nodes of a fleet with the indexes that the page needs, kept up to date node by node: children, counts, and how
 * many problems lie below each node. Not React: whoever shows it asks for `version` to know when it changed.
 */
import type { ClusterView, DeltaMessage, FleetNode, NodeStatus, SnapshotMessage } from "../api/types";

/** Nodes by status, and how many of them are suspended. */
export interface Counts {
  byStatus: Map<NodeStatus, number>;
  suspended: number;
  total: number;
}

/** How many nodes below need attention. */
export interface Below {
  failed: number;
  progressing: number;
}

const NOTHING_BELOW: Below = { failed: 0, progressing: 0 };
const NO_CHILDREN: ReadonlySet<string> = new Set();
/** Guards against parents in a circle, which the hub should never send. */
const MAX_DEPTH = 64;

/** The key under which the nodes at the top of a cluster hang; no node id lacks a slash. */
export function clusterKey(cluster: string): string {
  return cluster;
}

function parentKey(node: FleetNode): string {
  return node.parent ?? clusterKey(node.cluster);
}

/** The cluster of what a node hangs under; ids begin with it. */
function clusterAbove(node: FleetNode): string {
  return parentKey(node).split("/", 1)[0] ?? node.cluster;
}

function weight(status: NodeStatus): Below {
  switch (status) {
    case "failed":
    case "missing":
      return { failed: 1, progressing: 0 };
    case "progressing":
    case "deleting":
      return { failed: 0, progressing: 1 };
    default:
      return NOTHING_BELOW;
  }
}

export class FleetStore {
  version = 0;
  revision = 0;
  /** Whether a whole snapshot has arrived. */
  complete = false;
  readonly nodes = new Map<string, FleetNode>();
  readonly clusters = new Map<string, ClusterView>();
  private readonly children = new Map<string, Set<string>>();
  private readonly counts = new Map<string, Counts>();
  private readonly below = new Map<string, Below>();
  /** Cluster → clusters from which objects are applied to it → how many hang directly under those. */
  private readonly appliers = new Map<string, Map<string, number>>();

  /** Takes a part of a snapshot; the first part forgets what was known. */
  applySnapshot(message: SnapshotMessage): void {
    if (message.first) {
      this.clear();
      for (const cluster of message.clusters) this.clusters.set(cluster.name, cluster);
    }
    for (const node of message.nodes) this.upsert(node);
    this.complete = message.last;
    this.revision = message.revision;
    this.version += 1;
  }

  /** Takes what changed. */
  applyDelta(message: DeltaMessage): void {
    for (const id of message.removed) this.remove(id);
    for (const name of message.removedClusters) this.clusters.delete(name);
    for (const cluster of message.clusters) this.clusters.set(cluster.name, cluster);
    for (const node of message.nodes) this.upsert(node);
    this.revision = message.revision;
    this.version += 1;
  }

  /** Takes the clusters of a heartbeat: freshness only. */
  applyClusters(clusters: readonly ClusterView[]): void {
    for (const cluster of clusters) this.clusters.set(cluster.name, cluster);
    this.version += 1;
  }

  /** Ids of the nodes that hang under a node or under a `clusterKey`. */
  childrenOf(key: string): ReadonlySet<string> {
    return this.children.get(key) ?? NO_CHILDREN;
  }

  /** Problems among all descendants of a node or of a `clusterKey`. */
  problemsBelow(key: string): Below {
    return this.below.get(key) ?? NOTHING_BELOW;
  }

  /** Counts of one cluster. */
  countsOf(cluster: string): Counts {
    return this.counts.get(cluster) ?? { byStatus: new Map(), suspended: 0, total: 0 };
  }

  /** Other clusters from which objects are applied to a cluster. */
  appliersOf(cluster: string): ReadonlySet<string> {
    return new Set(this.appliers.get(cluster)?.keys());
  }

  /** Keys from the cluster down to, and without, the node itself. */
  ancestors(id: string): string[] {
    const path: string[] = [];
    let node = this.nodes.get(id);
    while (node && path.length < MAX_DEPTH) {
      path.unshift(parentKey(node));
      node = node.parent == null ? undefined : this.nodes.get(node.parent);
    }
    return path;
  }

  private clear(): void {
    for (const map of [this.nodes, this.clusters, this.children, this.counts, this.below]) map.clear();
    this.appliers.clear();
    this.complete = false;
  }

  private upsert(node: FleetNode): void {
    const old = this.nodes.get(node.id);
    if (old) this.unlink(old);
    this.nodes.set(node.id, node);
    this.link(node);
  }

  private remove(id: string): void {
    const old = this.nodes.get(id);
    if (!old) return;
    this.unlink(old);
    this.nodes.delete(id);
  }

  private link(node: FleetNode): void {
    const key = parentKey(node);
    let siblings = this.children.get(key);
    if (!siblings) this.children.set(key, (siblings = new Set()));
    siblings.add(node.id);
    this.count(node, 1);
    this.carry(node, 1);
  }

  private unlink(node: FleetNode): void {
    const key = parentKey(node);
    const siblings = this.children.get(key);
    siblings?.delete(node.id);
    if (siblings?.size === 0) this.children.delete(key);
    this.count(node, -1);
    this.carry(node, -1);
  }

  private count(node: FleetNode, sign: 1 | -1): void {
    let counts = this.counts.get(node.cluster);
    if (!counts) this.counts.set(node.cluster, (counts = { byStatus: new Map(), suspended: 0, total: 0 }));
    counts.byStatus.set(node.status, (counts.byStatus.get(node.status) ?? 0) + sign);
    counts.suspended += node.suspended ? sign : 0;
    counts.total += sign;
    const above = clusterAbove(node);
    if (above === node.cluster) return;
    let appliers = this.appliers.get(node.cluster);
    if (!appliers) this.appliers.set(node.cluster, (appliers = new Map<string, number>()));
    const left = (appliers.get(above) ?? 0) + sign;
    if (left > 0) appliers.set(above, left);
    else appliers.delete(above);
  }

  /** Adds the node's own and its descendants' problems to all that it hangs under. */
  private carry(node: FleetNode, sign: 1 | -1): void {
    const own = weight(node.status);
    const inherited = this.problemsBelow(node.id);
    const failed = (own.failed + inherited.failed) * sign;
    const progressing = (own.progressing + inherited.progressing) * sign;
    if (failed === 0 && progressing === 0) return;
    let current: FleetNode | undefined = node;
    for (let depth = 0; current && depth < MAX_DEPTH; depth += 1) {
      const keys = [parentKey(current)];
      // What a hub applied counts for the hub and for the spoke.
      if (clusterAbove(current) !== current.cluster) keys.push(clusterKey(current.cluster));
      for (const key of keys) {
        const known = this.problemsBelow(key);
        this.below.set(key, { failed: known.failed + failed, progressing: known.progressing + progressing });
      }
      current = current.parent == null ? undefined : this.nodes.get(current.parent);
    }
  }
}
