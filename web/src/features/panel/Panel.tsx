/** The side panel of one node: why it is as it is, its events, its YAML, and what can be done. */
import { useRef, useState } from "react";
import type { KeyboardEvent, ReactElement } from "react";

import type { ClusterView, FleetNode } from "../../api/types";
import { Icon } from "../../kit/Icon";
import { StatusMark, toneLabel } from "../../kit/StatusMark";
import { clusterAge, isClusterStale, shortAge } from "../../live/freshness";
import type { FleetStore } from "../../tree/store";
import { ActionBar } from "./ActionBar";
import { Events } from "./Events";
import { Overview } from "./Overview";
import { Yaml } from "./Yaml";
import { useObject } from "./useObject";
import "./panel.css";

const TABS = ["Overview", "Events", "YAML"] as const;
type Tab = (typeof TABS)[number];

interface Props {
  node: FleetNode;
  store: FleetStore;
  now: number;
  hubNow: number;
  onSelect: (id: string) => void;
  onClose: () => void;
}

function TabList({ tab, events, onTab }: { tab: Tab; events: number; onTab: (tab: Tab) => void }): ReactElement {
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const index = (TABS.indexOf(tab) + step + TABS.length) % TABS.length;
    onTab(TABS[index] ?? "Overview");
    list.current?.querySelectorAll("button")[index]?.focus();
  };
  return (
    <div ref={list} className="tabs" role="tablist" aria-label="Details" onKeyDown={onKeyDown}>
      {TABS.map((name) => (
        <button
          key={name}
          id={`tab-${name}`}
          role="tab"
          aria-selected={name === tab}
          aria-controls="panel-body"
          tabIndex={name === tab ? 0 : -1}
          onClick={() => onTab(name)}
        >
          {name}
          {name === "Events" && events > 0 && <span className="tab-count">{events}</span>}
        </button>
      ))}
    </div>
  );
}

/** Says that the status is of the past, and of when. */
function StaleNote({ cluster, hubNow }: { cluster: ClusterView | undefined; hubNow: number }): ReactElement | null {
  if (!cluster || !isClusterStale(cluster, hubNow)) return null;
  const age = clusterAge(cluster, hubNow);
  return <span className="pill pill-stale">{age === null ? "Never seen" : `As of ${shortAge(age)} ago`}</span>;
}

export function Panel({ node, store, now, hubNow, onSelect, onClose }: Props): ReactElement {
  const [tab, setTab] = useState<Tab>("Overview");
  const below = store.problemsBelow(node.id);
  // What is told of a node begins at its source: it is out of date when anything on the way there changes.
  const above = store.ancestors(node.id).map((id) => store.nodes.get(id));
  const states = [...above, node].map((at) => [at?.observedAt, at?.status, at?.suspended].join(" "));
  const signature = [...states, below.failed, below.progressing].join(" ");
  const { detail, events, problem } = useObject(node.id, signature);
  return (
    <aside className="panel" aria-label={`${node.kind} ${node.name}`}>
      <header className="panel-head">
        <div className="panel-path">
          <span>{node.cluster}</span>
          {node.namespace && <span>{node.namespace}</span>}
          <span>{node.kind}</span>
          <button className="button button-bare" aria-label="Close the panel" onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
        <h2>{node.name}</h2>
        <div className="panel-status">
          <span className={`pill pill-${node.status}`}>
            <StatusMark tone={node.status} />
            {toneLabel(node.status)}
          </span>
          {node.suspended && (
            <span className="pill pill-suspended">
              <StatusMark tone="suspended" />
              Suspended
            </span>
          )}
          <StaleNote cluster={store.clusters.get(node.cluster)} hubNow={hubNow} />
          {node.reason && <span className="panel-reason">{node.reason}</span>}
        </div>
        {detail?.takesActions && <ActionBar node={node} />}
      </header>
      <TabList tab={tab} events={events.length} onTab={setTab} />
      <div id="panel-body" className="panel-body" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
        {problem && <p className="panel-problem">{problem}</p>}
        {!detail && !problem && <p className="panel-quiet">Loading…</p>}
        {detail && tab === "Overview" && <Overview detail={detail} now={now} onSelect={onSelect} />}
        {detail && tab === "Events" && <Events events={events} now={now} />}
        {detail && tab === "YAML" && <Yaml text={detail.yaml} />}
      </div>
    </aside>
  );
}
