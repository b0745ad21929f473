import { describe, expect, it } from "vitest";

import { delta, node, snapshot } from "./fixtures";
import { FleetStore } from "./store";

const APPS = "c/k/Kustomization/f/apps";
const WEB = "c/apps/Deployment/a/web";
const SET = "c/apps/ReplicaSet/a/web-1";

function family(): ReturnType<typeof node>[] {
  return [
    node(APPS),
    node(WEB, { parent: APPS, status: "progressing" }),
    node(SET, { parent: WEB, status: "failed" }),
  ];
}

describe("FleetStore", () => {
  it("carries problems up to the cluster in whatever order nodes come", () => {
    const [apps, web, set] = family();
    for (const order of [
      [apps, web, set],
      [set, web, apps],
      [web, set, apps],
      [set, apps, web],
    ]) {
      const store = new FleetStore();
      store.applySnapshot(snapshot(order.filter((one) => one !== undefined)));
      expect(store.problemsBelow("c")).toEqual({ failed: 1, progressing: 1 });
      expect(store.problemsBelow(APPS)).toEqual({ failed: 1, progressing: 1 });
      expect(store.problemsBelow(WEB)).toEqual({ failed: 1, progressing: 0 });
    }
  });

  it("takes problems away when they are gone, moved or removed", () => {
    const store = new FleetStore();
    store.applySnapshot(snapshot(family()));
    store.applyDelta(delta([node(SET, { parent: WEB, status: "ready" })]));
    expect(store.problemsBelow("c")).toEqual({ failed: 0, progressing: 1 });
    store.applyDelta(delta([node(WEB, { parent: "c/k/Kustomization/f/other", status: "progressing" })]));
    expect(store.problemsBelow(APPS)).toEqual({ failed: 0, progressing: 0 });
    expect(store.problemsBelow("c/k/Kustomization/f/other")).toEqual({ failed: 0, progressing: 1 });
    store.applyDelta(delta([], [WEB]));
    expect(store.problemsBelow("c/k/Kustomization/f/other")).toEqual({ failed: 0, progressing: 0 });
  });

  it("gives the same totals after random changes as when built anew", () => {
    let seed = 7;
    const random = (n: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
    const statuses = ["ready", "failed", "progressing"] as const;
    const store = new FleetStore();
    store.applySnapshot(snapshot([]));
    const id = (n: number): string => `c/g/K/n/${n}`;
    for (let step = 0; step < 2000; step += 1) {
      const n = random(40);
      if (random(5) === 0) store.applyDelta(delta([], [id(n)]));
      else {
        const status = statuses[random(3)] ?? "ready";
        // Parents have smaller numbers, so there are no circles.
        const parent = n > 0 && random(4) > 0 ? id(random(n)) : undefined;
        store.applyDelta(delta([node(id(n), parent === undefined ? { status } : { status, parent })]));
      }
    }
    const fresh = new FleetStore();
    fresh.applySnapshot(snapshot([...store.nodes.values()]));
    for (const key of ["c", ...Array.from({ length: 40 }, (_, n) => id(n))]) {
      expect(store.problemsBelow(key), key).toEqual(fresh.problemsBelow(key));
      expect(new Set(store.childrenOf(key))).toEqual(new Set(fresh.childrenOf(key)));
    }
    expect(store.countsOf("c")).toMatchObject({ total: fresh.nodes.size });
  });

  it("starts again with the first part of a snapshot", () => {
    const store = new FleetStore();
    store.applySnapshot({ ...snapshot([node(APPS)]), last: false });
    expect(store.complete).toBe(false);
    store.applySnapshot({ ...snapshot([node(WEB)]), first: false });
    expect([...store.nodes.keys()]).toEqual([APPS, WEB]);
    store.applySnapshot(snapshot([node(SET)]));
    expect([...store.nodes.keys()]).toEqual([SET]);
    expect(store.countsOf("c").total).toBe(1);
  });
});
