/** A status as shape and colour: the shape alone tells it, for those who do not see the colour. */
import type { ReactElement } from "react";

export type Tone = "ready" | "progressing" | "failed" | "missing" | "deleting" | "suspended" | "unknown";

const LABELS: Record<Tone, string> = {
  ready: "Ready",
  progressing: "Progressing",
  failed: "Failed",
  missing: "Missing",
  deleting: "Deleting",
  suspended: "Suspended",
  unknown: "Not seen",
};

/** The word of a status. */
export function toneLabel(tone: Tone): string {
  return LABELS[tone];
}

function shape(tone: Tone): ReactElement {
  switch (tone) {
    case "ready":
      return (
        <>
          <circle cx="8" cy="8" r="6" />
          <path d="m5.4 8.2 1.8 1.8 3.4-3.8" />
        </>
      );
    case "progressing":
      return (
        <g className="spin">
          <circle cx="8" cy="8" r="6" opacity=".3" />
          <path d="M8 2a6 6 0 0 1 6 6" />
        </g>
      );
    case "failed":
      return (
        <>
          <circle cx="8" cy="8" r="6.8" fill="currentcolor" stroke="none" />
          <path className="mark-cut" d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4" />
        </>
      );
    case "missing":
      return (
        <>
          <circle cx="8" cy="8" r="6" strokeDasharray="2.6 2.1" />
          <path d="M8 5v3.4M8 10.9v.1" />
        </>
      );
    case "deleting":
      return <path d="M3.5 4.5h9M6.5 4.5V3h3v1.5m-4.5 0 .6 8.5h4.8l.6-8.5" />;
    case "suspended":
      return (
        <>
          <circle cx="8" cy="8" r="6" />
          <path d="M6.5 5.8v4.4m3-4.4v4.4" />
        </>
      );
    case "unknown":
      return <circle cx="8" cy="8" r="5.5" strokeDasharray="1.2 2.6" />;
  }
}

export function StatusMark({ tone }: { tone: Tone }): ReactElement {
  return (
    <svg className={`icon tone-${tone}`} viewBox="0 0 16 16" role="img" aria-label={toneLabel(tone)}>
      {shape(tone)}
    </svg>
  );
}
