/** One row of the tree: a cluster or an object. */
import type { MouseEvent, ReactElement } from "react";

import { Icon } from "../../kit/Icon";
import { StatusMark, toneLabel } from "../../kit/StatusMark";
import type { Tone } from "../../kit/StatusMark";
import { shortenHashes } from "../../tree/text";
import { ageOf, clusterAge, isClusterStale, shortAge } from "../../live/freshness";
import type { Row } from "../../tree/rows";

/** Pixels that a level is indented by. */
const INDENT = 18;

interface Props {
  row: Row;
  index: number;
  top: number;
  selected: boolean;
  focused: boolean;
  now: number;
  hubNow: number;
  onPick: (row: Row) => void;
  onToggle: (key: string, expanded: boolean) => void;
}

interface Cells {
  tone: Tone;
  kind: string;
  name: string;
  namespace: string;
  revision: string;
  message: string;
  age: string;
  stale: boolean;
}

function clusterCells(row: Row, hubNow: number): Cells {
  const { cluster, below } = row;
  const stale = isClusterStale(cluster, hubNow);
  const age = clusterAge(cluster, hubNow);
  const calm: Tone = below.failed > 0 ? "failed" : below.progressing > 0 ? "progressing" : "ready";
  return {
    tone: stale ? "unknown" : cluster.link === "connecting" ? "progressing" : calm,
    kind: cluster.simulated ? "simulated" : "",
    name: cluster.name,
    namespace: "",
    revision: "",
    message: stale && age !== null ? `seen ${shortAge(age)} ago. ${cluster.linkMessage}` : cluster.linkMessage,
    age: age === null ? "" : shortAge(age),
    stale,
  };
}

function cells(row: Row, now: number, hubNow: number): Cells {
  const { node, cluster } = row;
  if (!node) return clusterCells(row, hubNow);
  return {
    tone: node.suspended ? "suspended" : node.status,
    kind: node.kind,
    name: node.name,
    namespace: node.namespace,
    revision: node.revision,
    message: shortenHashes(node.message),
    age: ageOf(node.changedAt, now),
    stale: isClusterStale(cluster, hubNow),
  };
}

/** A cluster does not fail; some of what it holds does. */
function clusterLabel({ below }: Row, { stale, tone }: Cells): string {
  if (stale) return "Stale";
  if (below.failed > 0) return `${below.failed} failing`;
  return below.progressing > 0 ? `${below.progressing} in progress` : toneLabel(tone);
}

function Problems({ row }: { row: Row }): ReactElement | null {
  if (row.expanded || row.node === null) return null;
  const { failed, progressing } = row.below;
  if (failed === 0 && progressing === 0)
    return row.children > 0 ? <span className="tree-count">{row.children}</span> : null;
  return (
    <span className="tree-below">
      {failed > 0 && <span className="tone-failed">{failed} failing</span>}
      {progressing > 0 && <span className="tone-progressing">{progressing} in progress</span>}
    </span>
  );
}

export function TreeRow({ row, index, top, selected, focused, now, hubNow, onPick, onToggle }: Props): ReactElement {
  const cell = cells(row, now, hubNow);
  const classes = ["tree-row", row.node ? `tree-${row.node.role}` : "tree-cluster"];
  if (selected) classes.push("is-selected");
  if (focused) classes.push("is-focused");
  if (row.context) classes.push("is-context");
  if (cell.stale) classes.push("is-stale");
  const toggle = (event: MouseEvent): void => {
    event.stopPropagation();
    onToggle(row.key, !row.expanded);
  };
  const label = row.node === null ? clusterLabel(row, cell) : toneLabel(cell.tone);
  return (
    <div
      id={`row-${index}`}
      className={classes.join(" ")}
      role="row"
      aria-level={row.depth + 1}
      aria-rowindex={index + 2}
      aria-selected={selected}
      aria-expanded={row.expandable ? row.expanded : undefined}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onPick(row)}
    >
      <span className="tree-name" role="gridcell" style={{ paddingLeft: 10 + row.depth * INDENT }}>
        <span className="tree-twist" onClick={row.expandable ? toggle : undefined}>
          {row.expandable && <Icon name="chevron" className={row.expanded ? "is-open" : ""} />}
        </span>
        {row.node === null && <Icon name="cluster" />}
        <span className="tree-label">{cell.name}</span>
        {cell.kind && <span className="tree-kind">{cell.kind}</span>}
        {cell.namespace && <span className="tree-namespace">{cell.namespace}</span>}
        {row.elsewhere && <span className="tree-elsewhere">on {row.cluster.name}</span>}
        <Problems row={row} />
      </span>
      <span className="tree-status" role="gridcell">
        <StatusMark tone={cell.tone} />
        <span className={cell.tone === "ready" ? "" : `tone-${cell.tone}`}>{label}</span>
      </span>
      <span className="tree-revision mono" role="gridcell" title={cell.revision}>
        {cell.revision}
      </span>
      <span className="tree-message" role="gridcell" title={row.node?.message ?? cell.message}>
        {cell.message}
      </span>
      <span className="tree-age" role="gridcell">
        {cell.age}
      </span>
    </div>
  );
}
