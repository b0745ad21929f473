/** The live fleet in React: one stream for the whole page. */
import { useSyncExternalStore } from "react";

import { LiveStream } from "./stream";
import type { LiveView } from "./stream";

const stream = new LiveStream();

export function useLive(): LiveView {
  return useSyncExternalStore(stream.subscribe, stream.view);
}
