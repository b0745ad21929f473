/** What is shown, kept in the address bar. */
import { useCallback, useEffect, useState } from "react";

import type { Filter } from "../tree/rows";
import { readAddress, writeAddress } from "./address";
import type { Shown } from "./address";

interface ShownState extends Shown {
  setFilter: (change: Partial<Filter>) => void;
  select: (id: string | null) => void;
}

export function useShown(): ShownState {
  const [shown, setShown] = useState<Shown>(() => readAddress(window.location.search));
  useEffect(() => {
    const back = (): void => setShown(readAddress(window.location.search));
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  useEffect(() => {
    const address = writeAddress(shown);
    if (address === window.location.pathname + window.location.search) return;
    // Another node is a step that Back undoes; letters typed into the search are not.
    const previous = readAddress(window.location.search);
    if (previous.selected === shown.selected) window.history.replaceState(null, "", address);
    else window.history.pushState(null, "", address);
  }, [shown]);
  const setFilter = useCallback(
    (change: Partial<Filter>) => setShown((old) => ({ ...old, filter: { ...old.filter, ...change } })),
    [],
  );
  const select = useCallback((selected: string | null) => setShown((old) => ({ ...old, selected })), []);
  return { ...shown, setFilter, select };
}
