/** The object that the panel shows, fetched again whenever its row, or what leads to it, changes. */
import { useEffect, useState } from "react";

import { fetchEvents, fetchObject } from "../../api/client";
import type { EventView, ObjectDetail } from "../../api/types";

export interface Loaded {
  id: string;
  detail: ObjectDetail | null;
  events: EventView[];
  problem: string | null;
}

/** `signature` changes whenever the object may have changed. */
export function useObject(id: string, signature: string): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ id, detail: null, events: [], problem: null });
  useEffect(() => {
    const abort = new AbortController();
    Promise.all([fetchObject(id, abort.signal), fetchEvents(id, abort.signal)]).then(
      ([detail, events]) => setLoaded({ id, detail, events, problem: null }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const problem = error instanceof Error ? error.message : String(error);
        setLoaded((old) => (old.id === id ? { ...old, problem } : { id, detail: null, events: [], problem }));
      },
    );
    return () => abort.abort();
  }, [id, signature]);
  // What belongs to the object chosen before is not shown for this one.
  return loaded.id === id ? loaded : { id, detail: null, events: [], problem: null };
}
