/** What is shown, as a query string: the address bar can be copied, and Back works. Pure but for the hook's history calls. */
import type { NodeStatus } from "../api/types";
import type { Filter } from "../tree/rows";

export interface Shown {
  filter: Filter;
  selected: string | null;
}

const STATUSES: ReadonlySet<string> = new Set(["ready", "progressing", "failed", "missing", "deleting", "unknown"]);

export function readAddress(search: string): Shown {
  const query = new URLSearchParams(search);
  const statuses = (query.get("status") ?? "").split(",").filter((status) => STATUSES.has(status));
  return {
    filter: {
      text: query.get("q") ?? "",
      statuses: new Set(statuses as NodeStatus[]),
      suspendedOnly: query.has("suspended"),
      cluster: query.get("cluster"),
    },
    selected: query.get("node"),
  };
}

export function writeAddress({ filter, selected }: Shown): string {
  const query = new URLSearchParams();
  if (filter.cluster !== null) query.set("cluster", filter.cluster);
  if (filter.text !== "") query.set("q", filter.text);
  if (filter.statuses.size > 0) query.set("status", [...filter.statuses].sort().join(","));
  if (filter.suspendedOnly) query.set("suspended", "1");
  if (selected !== null) query.set("node", selected);
  const text = query.toString();
  return text === "" ? "/" : `/?${text}`;
}
