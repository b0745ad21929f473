/** The page: filters, tree, panel. */
import { useCallback, useEffect, useMemo, useState } from "react";
import type { ReactElement } from "react";

import { Panel } from "../features/panel/Panel";
import { Sidebar } from "../features/sidebar/Sidebar";
import { FleetTree } from "../features/tree/FleetTree";
import { isStale, shortAge } from "../live/freshness";
import type { LiveView } from "../live/stream";
import { useLive } from "../live/useLive";
import { isFiltering, NO_FILTER, visibleRows } from "../tree/rows";
import { TopBar } from "./TopBar";
import { useShown } from "./useShown";
import "./app.css";

/** Says plainly when what is shown is of the past. */
function Banner({ live }: { live: LiveView }): ReactElement | null {
  const { connection, now } = live;
  if (connection.state === "signedOut") {
    return (
      <p className="banner" role="alert">
        <strong>Signed out.</strong> Open a new address from where Skein runs; what is shown here is no longer updated.
      </p>
    );
  }
  if (!isStale(connection, now)) return null;
  const last = connection.state === "connecting" ? null : connection.lastMessageAt;
  return (
    <p className="banner" role="alert">
      <strong>No contact with the hub.</strong>{" "}
      {last === null
        ? "Nothing has been received yet."
        : `Shown is the state of ${new Date(last).toLocaleTimeString()}, ${shortAge(now - last)} ago.`}{" "}
      Trying again.
    </p>
  );
}

function Empty({ live, filtering, onClear }: { live: LiveView; filtering: boolean; onClear: () => void }): ReactElement {
  if (!live.store.complete) return <p className="empty">Waiting for the fleet…</p>;
  if (filtering)
    return (
      <div className="empty">
        <p>Nothing matches.</p>
        <button className="button" onClick={onClear}>
          Clear search and filters
        </button>
      </div>
    );
  return <p className="empty">The hub has no clusters yet.</p>;
}

export function App(): ReactElement {
  const live = useLive();
  const { filter, selected, setFilter, select } = useShown();
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map());
  const { store, version } = live;
  const filtering = isFiltering(filter);

  // The store is mutable: `version` says when it changed.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const { rows, matching } = useMemo(() => visibleRows(store, filter, toggled), [store, version, filter, toggled]);
  const toggle = useCallback(
    (key: string, expanded: boolean) => setToggled((old) => new Map(old).set(key, expanded)),
    [],
  );

  const reveal = useCallback(
    (id: string) => {
      setToggled((old) => new Map([...old, ...store.ancestors(id).map((key) => [key, true] as const)]));
      select(id);
    },
    [store, select],
  );

  const changeFilter = useCallback(
    (change: Parameters<typeof setFilter>[0]) => {
      // What was opened by hand belongs to the list that was there before; what is chosen stays in sight.
      const path = selected === null ? [] : store.ancestors(selected);
      setToggled(new Map(path.map((key) => [key, true] as const)));
      setFilter(change);
    },
    [setFilter, store, selected],
  );

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && !(event.target instanceof HTMLInputElement)) select(null);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [select]);

  const node = selected === null ? undefined : store.nodes.get(selected);
  const hubNow = live.now + live.clockSkew;
  const stale = isStale(live.connection, live.now);
  return (
    <div className={stale ? "app is-stale" : "app"}>
      <TopBar live={live} text={filter.text} matching={filtering ? matching : null} onText={(text) => changeFilter({ text })} />
      <Banner live={live} />
      <div className={node ? "columns has-panel" : "columns"}>
        <Sidebar store={store} filter={filter} hubNow={hubNow} onFilter={changeFilter} />
        <main>
          {rows.length > 0 ? (
            <FleetTree rows={rows} selected={selected} now={live.now} hubNow={hubNow} onSelect={select} onToggle={toggle} />
          ) : (
            <Empty live={live} filtering={filtering} onClear={() => changeFilter(NO_FILTER)} />
          )}
        </main>
        {node && <Panel node={node} store={store} now={live.now} hubNow={hubNow} onSelect={reveal} onClose={() => select(null)} />}
      </div>
    </div>
  );
}
