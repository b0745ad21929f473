import { describe, expect, it } from "vitest";

import type { FleetNode } from "../api/types";
import { cluster, delta, node, snapshot } from "./fixtures";
import { NO_FILTER, searchWords, visibleRows } from "./rows";
import type { Filter } from "./rows";
import { FleetStore } from "./store";

const GIT = "c/source/GitRepository/f/fleet";
const APPS = "c/k/Kustomization/f/apps";
const WEB = "c/apps/Deployment/a/web";
const POD = "c/-/Pod/a/web-x";

const FLEET: FleetNode[] = [
  node(GIT),
  node(APPS, { parent: GIT, suspended: true }),
  node(WEB, { parent: APPS, status: "failed", message: "0 of 3 replicas ready" }),
  node(POD, { parent: WEB }),
  node("d/source/GitRepository/f/fleet"),
];

function rows(filter: Partial<Filter>, toggled: [string, boolean][] = []): string[] {
  const store = new FleetStore();
  store.applySnapshot(snapshot(FLEET, [cluster("d"), cluster("c")]));
  return visibleRows(store, { ...NO_FILTER, ...filter }, new Map(toggled)).rows.map(
    (row) => `${"  ".repeat(row.depth)}${row.node?.name ?? row.cluster.name}${row.context ? " (context)" : ""}`,
  );
}

describe("visibleRows", () => {
  it("shows clusters, sources, reconcilers and what they applied of a small fleet", () => {
    expect(rows({})).toEqual(["c", "  fleet", "    apps", "      web", "d", "  fleet"]);
  });

  it("obeys what was opened and closed by hand", () => {
    expect(rows({}, [[WEB, true]])).toContain("        web-x");
    expect(rows({}, [["c", false]])).toEqual(["c", "d", "  fleet"]);
  });

  it("shows what a hub applied to a spoke under the hub, and for the spoke alone", () => {
    const spoke = "s/apps/Deployment/a/web";
    const store = new FleetStore();
    const nodes = [node(GIT), node(APPS, { parent: GIT }), node(spoke, { parent: APPS, status: "failed" }), node(WEB)];
    store.applySnapshot(snapshot(nodes, [cluster("c"), cluster("s")]));
    const shown = (name: string | null): string[] =>
      visibleRows(store, { ...NO_FILTER, cluster: name }, new Map()).rows.map(
        (row) => `${row.node?.name ?? row.cluster.name}${row.elsewhere ? ` on ${row.cluster.name}` : ""}`,
      );
    expect(shown(null)).toEqual(["c", "fleet", "apps", "web on s", "web", "s"]);
    expect(shown("s")).toEqual(["c", "fleet", "apps", "web on s"]);
    expect(store.problemsBelow("s")).toEqual({ failed: 1, progressing: 0 });
    expect(store.problemsBelow("c")).toEqual({ failed: 1, progressing: 0 });
    store.applyDelta(delta([], [spoke]));
    expect(shown("s")).toEqual(["s"]);
    expect(store.problemsBelow("s")).toEqual({ failed: 0, progressing: 0 });
  });

  it("keeps what a match hangs under and hides the rest", () => {
    expect(rows({ text: "REPLICAS web" })).toEqual([
      "c (context)",
      "  fleet (context)",
      "    apps (context)",
      "      web",
    ]);
    expect(rows({ statuses: new Set(["failed"]) })).toContain("      web");
    expect(rows({ suspendedOnly: true })).toEqual(["c (context)", "  fleet (context)", "    apps"]);
    expect(rows({ text: "nothing like it" })).toEqual([]);
  });

  it("keeps to one cluster", () => {
    expect(rows({ cluster: "d" })).toEqual(["d", "  fleet"]);
    expect(rows({ cluster: "d", text: "web" })).toEqual([]);
  });

  it("starts a large fleet with reconcilers closed, and is quick enough to type in", () => {
    const many = [node(GIT)];
    for (let k = 0; k < 500; k += 1) {
      const ks = `c/k/Kustomization/f/k${k}`;
      many.push(node(ks, { parent: GIT }));
      for (let n = 0; n < 100; n += 1) many.push(node(`c/-/ConfigMap/a/m${k}-${n}`, { parent: ks }));
    }
    const store = new FleetStore();
    store.applySnapshot(snapshot(many));
    expect(visibleRows(store, NO_FILTER, new Map()).rows).toHaveLength(502);
    const found = visibleRows(store, { ...NO_FILTER, text: "m499-99" }, new Map());
    expect(found.matching).toBe(1);
    expect(found.rows).toHaveLength(4);
  });
});

describe("searchWords", () => {
  it("splits at white space and ignores case", () => {
    expect(searchWords("  Web  SHOP ")).toEqual(["web", "shop"]);
    expect(searchWords("   ")).toEqual([]);
  });
});
