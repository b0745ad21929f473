/** Reconcile, suspend, resume. */
import { useState } from "react";
import type { ReactElement } from "react";

import { act } from "../../api/client";
import type { Action, FleetNode } from "../../api/types";
import { Icon } from "../../kit/Icon";

const DONE: Record<Action, string> = {
  reconcile: "Reconciliation requested.",
  suspend: "Suspended.",
  resume: "Resumed.",
};

interface Outcome {
  /** The object it was done to. */
  id: string;
  text: string;
  failed: boolean;
}

export function ActionBar({ node }: { node: FleetNode }): ReactElement {
  const [running, setRunning] = useState<Action | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const run = (action: Action): void => {
    const id = node.id;
    setRunning(action);
    act(id, action)
      .then(
        () => setOutcome({ id, text: DONE[action], failed: false }),
        (error: unknown) =>
          setOutcome({ id, text: error instanceof Error ? error.message : String(error), failed: true }),
      )
      .finally(() => setRunning(null));
  };
  return (
    <div className="actions">
      <button
        className="button button-primary"
        disabled={running !== null || node.suspended}
        title={node.suspended ? "Resume it first" : undefined}
        onClick={() => run("reconcile")}
      >
        <Icon name="reconcile" />
        Reconcile
      </button>
      {node.suspended ? (
        <button className="button" disabled={running !== null} onClick={() => run("resume")}>
          <Icon name="play" />
          Resume
        </button>
      ) : (
        <button className="button" disabled={running !== null} onClick={() => run("suspend")}>
          <Icon name="pause" />
          Suspend
        </button>
      )}
      <span className={outcome?.failed ? "action-note tone-failed" : "action-note"} role="status">
        {outcome?.id === node.id ? outcome.text : ""}
      </span>
    </div>
  );
}
