/** The way from source to object, with its first broken link: why, since when, and what to do. */
import type { ReactElement } from "react";

import type { BrokenLink, Explanation, Link } from "../../api/types";
import { Icon } from "../../kit/Icon";
import { StatusMark } from "../../kit/StatusMark";
import { ageOf } from "../../live/freshness";

interface Props {
  explanation: Explanation;
  subject: string;
  /** Cluster of the node that is shown; others are named. */
  home: string;
  now: number;
  onSelect: (id: string) => void;
}

const PARTS: Record<Link["part"], string> = {
  cluster: "cluster",
  source: "source",
  dependency: "depends on",
  reference: "needs",
  reconciler: "applied by",
  object: "object",
};

/** What stands above the sentence. */
const TITLES: Record<BrokenLink["urgency"], string> = {
  failed: "First broken link",
  waiting: "Not there yet",
  paused: "Paused",
};

interface StepProps {
  link: Link;
  cause: boolean;
  subject: boolean;
  home: string;
  onSelect: (id: string) => void;
}

function Step({ link, cause, subject, home, onSelect }: StepProps): ReactElement {
  const { id } = link;
  const name = link.namespace ? `${link.namespace}/${link.name}` : link.name;
  const label = link.part === "cluster" ? `Cluster ${link.name}` : `${link.kind} ${name}`;
  return (
    <li className={cause ? "step is-cause" : "step"} aria-current={cause ? "true" : undefined}>
      <StatusMark tone={link.suspended ? "suspended" : link.status} />
      <div className="step-text">
        <p className="step-head">
          {id == null ? (
            <strong>{label}</strong>
          ) : (
            <button className="link" onClick={() => onSelect(id)} disabled={subject}>
              {label}
            </button>
          )}
          <span className="step-part">{subject ? "this one" : PARTS[link.part]}</span>
          {link.part !== "cluster" && link.cluster !== home && <span className="step-part">on {link.cluster}</span>}
        </p>
      </div>
    </li>
  );
}

/** What to do; commands in it stand between backticks. */
function Remedy({ text }: { text: string }): ReactElement {
  return <>{text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>;
}

function Cause({ broken, sentence, now }: { broken: BrokenLink; sentence: string; now: number }): ReactElement {
  const age = ageOf(broken.since, now);
  return (
    <div className={`cause cause-${broken.urgency}`}>
      <Icon name="alert" />
      <div>
        <p className="cause-sentence">{sentence}</p>
        <dl className="cause-facts">
          {age && (
            <>
              <dt>Since</dt>
              <dd>
                <time dateTime={broken.since}>{age}</time>
              </dd>
            </>
          )}
          {broken.remedy && (
            <>
              <dt>To do</dt>
              <dd>
                <Remedy text={broken.remedy} />
              </dd>
            </>
          )}
        </dl>
      </div>
    </div>
  );
}

export function Chain({ explanation, subject, home, now, onSelect }: Props): ReactElement | null {
  const { chain, broken, sentence } = explanation;
  if (chain.length === 0) return null;
  const isCause = (link: Link): boolean =>
    broken != null && (link.id == null ? broken.id == null && link.cluster === broken.cluster : link.id === broken.id);
  return (
    <section aria-label="Explanation">
      <h3>{broken ? TITLES[broken.urgency] : "From source to here"}</h3>
      {broken && <Cause broken={broken} sentence={sentence} now={now} />}
      <ol className="chain">
        {chain.map((link) => (
          <Step
            key={link.id ?? `cluster ${link.cluster}`}
            link={link}
            cause={isCause(link)}
            subject={link.id === subject}
            home={home}
            onSelect={onSelect}
          />
        ))}
      </ol>
    </section>
  );
}
