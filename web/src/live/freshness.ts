/** How fresh what is shown is, in words and as a closed set of states: pure. */
import type { ClusterView } from "../api/types";

/** The connection between this page and the hub. */
export type Connection =
  | { state: "connecting" }
  | { state: "live"; lastMessageAt: number }
  | { state: "broken"; since: number; lastMessageAt: number | null }
  | { state: "signedOut" };

/** A hub that has been silent for so long is not live: heartbeats come every 5 s. */
export const SILENCE_MS = 12_000;
/** A cluster that has not been heard of for so long is stale: the hub probes every 5 s. */
export const CLUSTER_STALE_MS = 20_000;

/** Whether the page must say that it shows the past. */
export function isStale(connection: Connection, now: number): boolean {
  switch (connection.state) {
    case "live":
      return now - connection.lastMessageAt > SILENCE_MS;
    case "connecting":
      return false;
    default:
      return true;
  }
}

/** Age of what is shown of a cluster in milliseconds by the hub's clock; `null` when it was never heard of. */
export function clusterAge(cluster: ClusterView, hubNow: number): number | null {
  return cluster.contactAt == null ? null : Math.max(0, hubNow - cluster.contactAt);
}

/** Whether what is shown of a cluster is of the past. */
export function isClusterStale(cluster: ClusterView, hubNow: number): boolean {
  const age = clusterAge(cluster, hubNow);
  return cluster.link === "broken" || (age !== null && age > CLUSTER_STALE_MS);
}

/** `4s`, `12m`, `3h`, `5d`: one unit is enough for a column. */
export function shortAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

/** Age of an RFC 3339 time; empty when there is none. */
export function ageOf(time: string, now: number): string {
  const at = Date.parse(time);
  return Number.isNaN(at) ? "" : shortAge(now - at);
}
