/** Clusters with their state, and the statuses to filter by. */
import type { ReactElement } from "react";

import type { ClusterView, NodeStatus } from "../../api/types";
import { Icon } from "../../kit/Icon";
import { StatusMark, toneLabel } from "../../kit/StatusMark";
import { clusterAge, isClusterStale, shortAge } from "../../live/freshness";
import type { Filter } from "../../tree/rows";
import type { Counts, FleetStore } from "../../tree/store";
import "./sidebar.css";

const STATUSES: NodeStatus[] = ["failed", "missing", "progressing", "deleting", "ready", "unknown"];
/** Statuses that are listed even when nothing has them. */
const ALWAYS: ReadonlySet<NodeStatus> = new Set(["failed", "progressing", "ready"]);

interface Props {
  store: FleetStore;
  filter: Filter;
  hubNow: number;
  onFilter: (change: Partial<Filter>) => void;
}

function sum(counts: Counts[]): Counts {
  const total: Counts = { byStatus: new Map(), suspended: 0, total: 0 };
  for (const one of counts) {
    for (const [status, n] of one.byStatus) total.byStatus.set(status, (total.byStatus.get(status) ?? 0) + n);
    total.suspended += one.suspended;
    total.total += one.total;
  }
  return total;
}

/** The share of each status as a thin bar; what needs attention comes first. */
function Share({ counts }: { counts: Counts }): ReactElement {
  return (
    <span className="share" aria-hidden="true">
      {STATUSES.map((status) => {
        const n = counts.byStatus.get(status) ?? 0;
        return n === 0 ? null : <i key={status} className={`share-${status}`} style={{ flexGrow: n }} />;
      })}
    </span>
  );
}

interface ClusterItemProps {
  cluster: ClusterView;
  counts: Counts;
  hubNow: number;
  chosen: boolean;
  onChoose: () => void;
}

function ClusterItem({ cluster, counts, hubNow, chosen, onChoose }: ClusterItemProps): ReactElement {
  const age = clusterAge(cluster, hubNow);
  const stale = isClusterStale(cluster, hubNow);
  const freshness = stale ? `stale, seen ${age === null ? "never" : `${shortAge(age)} ago`}` : cluster.link;
  return (
    <li>
      <button className="side-item side-cluster" aria-pressed={chosen} onClick={onChoose}>
        <span className="side-line">
          <Icon name="cluster" />
          <span className="side-name">{cluster.name}</span>
          <span className="side-count">{counts.total}</span>
        </span>
        <Share counts={counts} />
        <span className={stale ? "side-note is-stale" : "side-note"}>{freshness}</span>
      </button>
    </li>
  );
}

export function Sidebar({ store, filter, hubNow, onFilter }: Props): ReactElement {
  const clusters = [...store.clusters.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const scope = filter.cluster === null ? clusters : clusters.filter((one) => one.name === filter.cluster);
  const counts = sum(scope.map((cluster) => store.countsOf(cluster.name)));
  const toggleStatus = (status: NodeStatus): void => {
    const statuses = new Set(filter.statuses);
    if (!statuses.delete(status)) statuses.add(status);
    onFilter({ statuses });
  };
  return (
    <nav className="sidebar" aria-label="Filters">
      <h2>Status</h2>
      <ul>
        {STATUSES.filter((status) => ALWAYS.has(status) || counts.byStatus.has(status)).map((status) => (
          <li key={status}>
            <button className="side-item" aria-pressed={filter.statuses.has(status)} onClick={() => toggleStatus(status)}>
              <span className="side-line">
                <StatusMark tone={status} />
                <span className="side-name">{toneLabel(status)}</span>
                <span className="side-count">{counts.byStatus.get(status) ?? 0}</span>
              </span>
            </button>
          </li>
        ))}
        <li>
          <button
            className="side-item"
            aria-pressed={filter.suspendedOnly}
            onClick={() => onFilter({ suspendedOnly: !filter.suspendedOnly })}
          >
            <span className="side-line">
              <StatusMark tone="suspended" />
              <span className="side-name">Suspended</span>
              <span className="side-count">{counts.suspended}</span>
            </span>
          </button>
        </li>
      </ul>
      <h2>Clusters</h2>
      <ul>
        {clusters.map((cluster) => (
          <ClusterItem
            key={cluster.name}
            cluster={cluster}
            counts={store.countsOf(cluster.name)}
            hubNow={hubNow}
            chosen={filter.cluster === cluster.name}
            onChoose={() => onFilter({ cluster: filter.cluster === cluster.name ? null : cluster.name })}
          />
        ))}
      </ul>
    </nav>
  );
}
