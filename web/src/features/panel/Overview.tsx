/** Why a node is as it is: first broken link, chain, conditions and facts. */
import type { ReactElement } from "react";

import type { Condition, ObjectDetail } from "../../api/types";
import { StatusMark } from "../../kit/StatusMark";
import type { Tone } from "../../kit/StatusMark";
import { ageOf, shortAge } from "../../live/freshness";
import { Chain } from "./Chain";

interface Props {
  detail: ObjectDetail;
  now: number;
  onSelect: (id: string) => void;
}

/** Conditions whose True is bad news. */
const NEGATIVE: ReadonlySet<string> = new Set(["Stalled", "Reconciling", "FetchFailed", "StorageOperationFailed", "BuildFailed"]);

function conditionTone({ type, status }: Condition): Tone {
  if (status === "Unknown") return "progressing";
  if (type === "Reconciling") return status === "True" ? "progressing" : "ready";
  const good = NEGATIVE.has(type) ? "False" : "True";
  return status === good ? "ready" : "failed";
}

function Conditions({ list, now }: { list: Condition[]; now: number }): ReactElement | null {
  if (list.length === 0) return null;
  return (
    <section>
      <h3>Conditions</h3>
      <ul className="conditions">
        {list.map((condition) => (
          <li key={condition.type}>
            <StatusMark tone={conditionTone(condition)} />
            <div>
              <p className="condition-head">
                <strong>{condition.type}</strong>
                <span>{condition.status}</span>
                {condition.reason && <span>{condition.reason}</span>}
                <span className="condition-age">{ageOf(condition.lastTransitionTime, now)}</span>
              </p>
              {condition.message && <p className="condition-message">{condition.message}</p>}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** `cluster/group/kind/namespace/name` as people say it; another cluster than `home` is named. */
function spoken(id: string, home: string): string {
  const [cluster = "", , kind = "", namespace = "-", name = ""] = id.split("/");
  const where = cluster === home ? "" : ` on ${cluster}`;
  return namespace === "-" ? `${kind} ${name}${where}` : `${kind} ${namespace}/${name}${where}`;
}

interface LinksProps {
  title: string;
  ids: string[];
  home: string;
  onSelect: (id: string) => void;
}

function Links({ title, ids, home, onSelect }: LinksProps): ReactElement | null {
  if (ids.length === 0) return null;
  return (
    <>
      <dt>{title}</dt>
      <dd>
        {ids.map((id) => (
          <button key={id} className="link" onClick={() => onSelect(id)}>
            {spoken(id, home)}
          </button>
        ))}
      </dd>
    </>
  );
}

export function Overview({ detail, now, onSelect }: Props): ReactElement {
  const { node, explanation } = detail;
  return (
    <>
      <Chain explanation={explanation} subject={node.id} home={node.cluster} now={now} onSelect={onSelect} />
      <Conditions list={detail.conditions} now={now} />
      <section>
        <h3>Facts</h3>
        <dl className="facts">
          {node.revision && (
            <>
              <dt>Revision</dt>
              <dd className="mono">{node.revision}</dd>
            </>
          )}
          {node.message && detail.conditions.length === 0 && (
            <>
              <dt>State</dt>
              <dd>{node.message}</dd>
            </>
          )}
          <Links title="Depends on" ids={detail.dependsOn} home={node.cluster} onSelect={onSelect} />
          <Links title="Applied by" ids={detail.appliedBy} home={node.cluster} onSelect={onSelect} />
          {node.observedAt > 0 && (
            <>
              <dt>Received</dt>
              <dd>{shortAge(now - node.observedAt)} ago</dd>
            </>
          )}
          {node.group && (
            <>
              <dt>API group</dt>
              <dd className="mono">{node.group}</dd>
            </>
          )}
        </dl>
      </section>
    </>
  );
}
