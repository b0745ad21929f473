/** From the store, a filter and what is expanded to the rows that are shown: pure. */
import type { ClusterView, FleetNode, NodeStatus } from "../api/types";
import type { Below, FleetStore } from "./store";
import { clusterKey } from "./store";

/** One visible row. */
export interface Row {
  /** Node id, or the cluster's key. */
  key: string;
  depth: number;
  expandable: boolean;
  expanded: boolean;
  /** Whether it is shown only because something below it matches. */
  context: boolean;
  below: Below;
  /** How many rows hang directly under it. */
  children: number;
  /** Whether it is of another cluster than what it hangs under: a hub applied it to a spoke. */
  elsewhere: boolean;
  node: FleetNode | null;
  cluster: ClusterView;
}

/** What is looked for; empty parts match everything. */
export interface Filter {
  text: string;
  statuses: ReadonlySet<NodeStatus>;
  suspendedOnly: boolean;
  cluster: string | null;
}

export const NO_FILTER: Filter = { text: "", statuses: new Set(), suspendedOnly: false, cluster: null };

/** Fleets up to this size are shown with what reconcilers applied; larger ones start with sources and reconcilers. */
const SMALL_FLEET_NODES = 40;
const MAX_DEPTH = 64;
const ROLE_ORDER = { source: 0, reconciler: 1, object: 2 } as const;

/** Whether the filter hides anything but other clusters. */
export function isFiltering(filter: Filter): boolean {
  return filter.text.trim() !== "" || filter.statuses.size > 0 || filter.suspendedOnly;
}

/** Whether a node itself is looked for. Each word must be found in kind, namespace, name, message, revision or cluster. */
export function matches(node: FleetNode, filter: Filter, words: readonly string[]): boolean {
  if (filter.statuses.size > 0 && !filter.statuses.has(node.status)) return false;
  if (filter.suspendedOnly && !node.suspended) return false;
  if (words.length === 0) return true;
  const text =
    `${node.kind} ${node.namespace}/${node.name} ${node.cluster} ${node.revision} ${node.reason} ${node.message}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** The words of a search text. */
export function searchWords(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

/** Whether a row is open when nobody has said otherwise. */
export function defaultExpanded(node: FleetNode | null, totalNodes: number): boolean {
  if (node === null || node.role === "source") return true;
  return node.role === "reconciler" && totalNodes <= SMALL_FLEET_NODES;
}

/** Whether some nodes of a chosen cluster hang under nodes of another one. */
function isAppliedFromElsewhere(store: FleetStore, cluster: string | null): boolean {
  return cluster !== null && store.appliersOf(cluster).size > 0;
}

interface Keep {
  /** Nodes that match. */
  hits: Set<string>;
  /** Nodes and cluster keys that something matching hangs under. */
  context: Set<string>;
}

function findMatches(store: FleetStore, filter: Filter): Keep {
  const words = searchWords(filter.text);
  const keep: Keep = { hits: new Set(), context: new Set() };
  for (const node of store.nodes.values()) {
    if (filter.cluster !== null && node.cluster !== filter.cluster) continue;
    if (!matches(node, filter, words)) continue;
    keep.hits.add(node.id);
    for (const key of store.ancestors(node.id)) keep.context.add(key);
  }
  return keep;
}

function compareNodes(a: FleetNode, b: FleetNode): number {
  return (
    ROLE_ORDER[a.role] - ROLE_ORDER[b.role] ||
    compareText(a.kind, b.kind) ||
    compareText(a.namespace, b.namespace) ||
    compareText(a.name, b.name)
  );
}

/** Order by code units: locale rules are far slower and differ between people. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sortedChildren(store: FleetStore, key: string): FleetNode[] {
  const nodes: FleetNode[] = [];
  for (const id of store.childrenOf(key)) {
    const node = store.nodes.get(id);
    if (node) nodes.push(node);
  }
  return nodes.sort(compareNodes);
}

/** The visible rows from top to bottom, and how many nodes match. */
export function visibleRows(
  store: FleetStore,
  filter: Filter,
  toggled: ReadonlyMap<string, boolean>,
): { rows: Row[]; matching: number } {
  const keep = isFiltering(filter) || isAppliedFromElsewhere(store, filter.cluster) ? findMatches(store, filter) : null;
  const rows: Row[] = [];
  const isOpen = (key: string, node: FleetNode | null): boolean =>
    toggled.get(key) ?? (keep ? keep.context.has(key) : defaultExpanded(node, store.nodes.size));

  const push = (above: ClusterView, node: FleetNode | null, key: string, depth: number): void => {
    const children = store.childrenOf(key).size;
    const expandable = children > 0;
    const expanded = expandable && isOpen(key, node);
    const context = keep !== null && !keep.hits.has(key);
    const cluster = (node && store.clusters.get(node.cluster)) ?? above;
    const elsewhere = cluster !== above;
    const below = store.problemsBelow(key);
    rows.push({ key, depth, expandable, expanded, context, below, children, elsewhere, node, cluster });
    if (!expanded || depth >= MAX_DEPTH) return;
    for (const child of sortedChildren(store, key)) {
      if (keep && !keep.hits.has(child.id) && !keep.context.has(child.id)) continue;
      push(cluster, child, child.id, depth + 1);
    }
  };

  const clusters = [...store.clusters.values()].sort((a, b) => compareText(a.name, b.name));
  for (const cluster of clusters) {
    const key = clusterKey(cluster.name);
    const leadsThere = keep?.context.has(key) === true;
    if (filter.cluster !== null && cluster.name !== filter.cluster && !leadsThere) continue;
    if (keep && !leadsThere) continue;
    push(cluster, null, key, 0);
  }
  return { rows, matching: keep ? keep.hits.size : store.nodes.size };
}
