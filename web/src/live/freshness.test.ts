import { describe, expect, it } from "vitest";

import { cluster } from "../tree/fixtures";
import { ageOf, clusterAge, CLUSTER_STALE_MS, isClusterStale, isStale, shortAge, SILENCE_MS } from "./freshness";

describe("freshness", () => {
  it("a silent or broken stream is stale", () => {
    expect(isStale({ state: "connecting" }, 0)).toBe(false);
    expect(isStale({ state: "live", lastMessageAt: 0 }, SILENCE_MS)).toBe(false);
    expect(isStale({ state: "live", lastMessageAt: 0 }, SILENCE_MS + 1)).toBe(true);
    expect(isStale({ state: "broken", since: 0, lastMessageAt: 0 }, 1)).toBe(true);
    expect(isStale({ state: "signedOut" }, 0)).toBe(true);
  });

  it("a cluster that is broken or silent is stale, one that was never heard of is not", () => {
    expect(isClusterStale(cluster("c", { contactAt: 100 }), 100 + CLUSTER_STALE_MS)).toBe(false);
    expect(isClusterStale(cluster("c", { contactAt: 100 }), 101 + CLUSTER_STALE_MS)).toBe(true);
    expect(isClusterStale(cluster("c", { link: "broken" }), 1)).toBe(true);
    expect(isClusterStale(cluster("c", { link: "connecting", contactAt: null }), 1e12)).toBe(false);
    expect(clusterAge(cluster("c", { contactAt: 50 }), 20)).toBe(0);
  });

  it("writes ages in one unit", () => {
    expect([0, 59_999, 60_000, 3_600_000, 47 * 3_600_000, 48 * 3_600_000].map(shortAge)).toEqual([
      "0s",
      "59s",
      "1m",
      "1h",
      "47h",
      "2d",
    ]);
    expect(ageOf("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:05:00Z"))).toBe("5m");
    expect(ageOf("", 0)).toBe("");
  });
});
