/** Kubernetes events about the object, newest first. */
import type { ReactElement } from "react";

import type { EventView } from "../../api/types";
import { Icon } from "../../kit/Icon";
import { ageOf } from "../../live/freshness";

export function Events({ events, now }: { events: EventView[]; now: number }): ReactElement {
  if (events.length === 0) return <p className="panel-quiet">No events. Kubernetes keeps them for an hour.</p>;
  return (
    <ul className="events">
      {events.map((event, index) => (
        <li key={index} className={event.type === "Warning" ? "is-warning" : ""}>
          <p className="condition-head">
            {event.type === "Warning" && <Icon name="alert" className="tone-failed" />}
            <strong>{event.reason}</strong>
            {event.count > 1 && <span>{event.count} times</span>}
            <span className="condition-age">{ageOf(event.lastSeen, now)}</span>
          </p>
          <p className="condition-message">{event.message}</p>
          <p className="event-reporter">{event.reporter}</p>
        </li>
      ))}
    </ul>
  );
}
