import { describe, expect, it } from "vitest";

import { cluster, node } from "./fixtures";
import { moveOf } from "./navigate";
import type { Row } from "./rows";
import { rowWindow, scrollToRow } from "./window";

function row(depth: number, expandable: boolean, expanded: boolean): Row {
  const id = `c/g/K/n/${depth}`;
  return {
    key: id,
    depth,
    expandable,
    expanded,
    context: false,
    below: { failed: 0, progressing: 0 },
    children: expandable ? 2 : 0,
    elsewhere: false,
    node: depth === 0 ? null : node(id),
    cluster: cluster("c"),
  };
}

const ROWS = [row(0, true, true), row(1, true, true), row(2, true, false), row(2, false, false)];

describe("moveOf", () => {
  it("walks and stops at the ends", () => {
    expect(moveOf("ArrowDown", ROWS, 0)).toEqual({ do: "focus", index: 1 });
    expect(moveOf("ArrowDown", ROWS, 3)).toEqual({ do: "focus", index: 3 });
    expect(moveOf("ArrowUp", ROWS, 0)).toEqual({ do: "focus", index: 0 });
    expect(moveOf("End", ROWS, 0)).toEqual({ do: "focus", index: 3 });
    expect(moveOf("ArrowDown", ROWS, -1)).toEqual({ do: "focus", index: 0 });
    expect(moveOf("End", ROWS, -1)).toEqual({ do: "focus", index: 3 });
    expect(moveOf("ArrowRight", ROWS, -1)).toBeNull();
    expect(moveOf("ArrowDown", [], -1)).toBeNull();
  });

  it("opens, enters, closes and leaves", () => {
    expect(moveOf("ArrowRight", ROWS, 2)).toEqual({ do: "toggle", index: 2, expanded: true });
    expect(moveOf("ArrowRight", ROWS, 1)).toEqual({ do: "focus", index: 2 });
    expect(moveOf("ArrowRight", ROWS, 3)).toBeNull();
    expect(moveOf("ArrowLeft", ROWS, 1)).toEqual({ do: "toggle", index: 1, expanded: false });
    expect(moveOf("ArrowLeft", ROWS, 3)).toEqual({ do: "focus", index: 1 });
  });

  it("opens the panel of objects, and toggles clusters", () => {
    expect(moveOf("Enter", ROWS, 3)).toEqual({ do: "open", index: 3 });
    expect(moveOf("Enter", ROWS, 0)).toEqual({ do: "toggle", index: 0, expanded: false });
    expect(moveOf("x", ROWS, 0)).toBeNull();
  });
});

describe("rowWindow", () => {
  it("covers what is visible and no more than the list", () => {
    expect(rowWindow(0, 300, 30, 5)).toEqual({ start: 0, end: 5 });
    const middle = rowWindow(30_000, 300, 30, 100_000);
    expect(middle.start).toBeLessThanOrEqual(1000);
    expect(middle.end).toBeGreaterThanOrEqual(1010);
    expect(middle.end - middle.start).toBeLessThan(50);
    expect(rowWindow(99_999, 300, 30, 10)).toEqual({ start: 0, end: 10 });
  });

  it("scrolls no more than needed", () => {
    expect(scrollToRow(0, 100, 300, 30)).toBe(0);
    expect(scrollToRow(5, 100, 300, 30)).toBe(100);
    expect(scrollToRow(20, 100, 300, 30)).toBe(330);
  });
});
