/** The way from source to object, with its first broken link. */
import type { ReactElement } from "react";

import type { Explanation, Link } from "../../api/types";
import { Icon } from "../../kit/Icon";
import { StatusMark } from "../../kit/StatusMark";

interface Props {
  explanation: Explanation;
  subject: string;
  onSelect: (id: string) => void;
}

const PARTS: Record<Link["part"], string> = {
  source: "Source",
  dependency: "Depends on",
  reconciler: "Applied by",
  object: "Object",
};

function Step({ link, cause, subject, onSelect }: { link: Link; cause: boolean; subject: boolean; onSelect: () => void }): ReactElement {
  const name = link.namespace ? `${link.namespace}/${link.name}` : link.name;
  return (
    <li className={cause ? "step is-cause" : "step"}>
      <StatusMark tone={link.suspended ? "suspended" : link.status} />
      <div className="step-text">
        <p className="step-head">
          <button className="link" onClick={onSelect} disabled={subject}>
            {link.kind} {name}
          </button>
          <span className="step-part">{subject ? "this one" : PARTS[link.part].toLowerCase()}</span>
        </p>
        {cause && link.message && <p className="step-message">{link.message}</p>}
      </div>
    </li>
  );
}

export function Chain({ explanation, subject, onSelect }: Props): ReactElement | null {
  const { chain, cause, sentence } = explanation;
  if (chain.length === 0) return null;
  return (
    <section>
      <h3>{cause ? "First broken link" : "From source to here"}</h3>
      {cause && (
        <p className="cause">
          <Icon name="alert" />
          <span>{sentence}</span>
        </p>
      )}
      <ol className="chain">
        {chain.map((link) => (
          <Step
            key={link.id}
            link={link}
            cause={link.id === cause}
            subject={link.id === subject}
            onSelect={() => onSelect(link.id)}
          />
        ))}
      </ol>
    </section>
  );
}
