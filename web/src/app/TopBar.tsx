/** Name, search, connection and theme. */
import { useEffect, useRef } from "react";
import type { ReactElement } from "react";

import { Icon } from "../kit/Icon";
import { Logo } from "../kit/Logo";
import { isStale, shortAge } from "../live/freshness";
import type { LiveView } from "../live/stream";
import { useTheme } from "./theme";

interface Props {
  live: LiveView;
  text: string;
  matching: number | null;
  onText: (text: string) => void;
}

function connectionText({ connection, now }: LiveView): string {
  switch (connection.state) {
    case "connecting":
      return "Connecting";
    case "signedOut":
      return "Signed out";
    case "broken":
      return `No contact for ${shortAge(now - (connection.lastMessageAt ?? connection.since))}`;
    case "live":
      return isStale(connection, now) ? "No contact" : "Live";
  }
}

/** Focuses the search field on `/`, as people expect of consoles. */
function useSlash(): React.RefObject<HTMLInputElement | null> {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLInputElement;
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      field.current?.select();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  return field;
}

export function TopBar({ live, text, matching, onText }: Props): ReactElement {
  const field = useSlash();
  const [theme, flip] = useTheme();
  const stale = isStale(live.connection, live.now);
  return (
    <header className="top">
      <h1>
        <Logo />
        Skein
      </h1>
      <label className="search">
        <Icon name="search" />
        <span className="visually-hidden">Search</span>
        <input
          ref={field}
          type="search"
          value={text}
          placeholder="Search kind, name, namespace, revision, message"
          onChange={(event) => onText(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && onText("")}
        />
        {matching === null ? <kbd>/</kbd> : <output>{matching} found</output>}
      </label>
      <span className={stale ? "connection is-broken" : `connection is-${live.connection.state}`} role="status">
        <i aria-hidden="true" />
        {connectionText(live)}
      </span>
      <button
        className="button button-bare"
        aria-label={theme === "dark" ? "Use the light theme" : "Use the dark theme"}
        onClick={flip}
      >
        <Icon name={theme === "dark" ? "sun" : "moon"} />
      </button>
    </header>
  );
}
