import { describe, expect, it } from "vitest";

import { readAddress, writeAddress } from "./address";

describe("address", () => {
  it("comes back as it was written", () => {
    const shown = {
      filter: { text: "web & co", statuses: new Set(["failed", "ready"] as const), suspendedOnly: true, cluster: "eu/1" },
      selected: "c/apps/Deployment/a/web",
    };
    expect(readAddress(writeAddress(shown).slice(1))).toEqual(shown);
  });

  it("is plain when nothing is chosen, and ignores what it does not know", () => {
    const { filter, selected } = readAddress("?status=green,ready&x=1");
    expect([...filter.statuses]).toEqual(["ready"]);
    expect(writeAddress({ filter: { ...filter, statuses: new Set() }, selected })).toBe("/");
  });
});
