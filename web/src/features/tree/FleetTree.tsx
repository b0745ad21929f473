/** The tree of the fleet: a virtualised tree grid that the keyboard can walk. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { KeyboardEvent, ReactElement } from "react";

import { moveOf } from "../../tree/navigate";
import type { Row } from "../../tree/rows";
import { rowWindow, scrollToRow } from "../../tree/window";
import { TreeRow } from "./TreeRow";
import "./tree.css";

/** Height of a row in pixels; the same as `--row`. */
const ROW_HEIGHT = 30;

interface Props {
  rows: Row[];
  selected: string | null;
  now: number;
  hubNow: number;
  onSelect: (key: string) => void;
  onToggle: (key: string, expanded: boolean) => void;
}

function useViewport(): {
  ref: React.RefObject<HTMLDivElement | null>;
  height: number;
  scrollTop: number;
  onScroll: () => void;
} {
  const ref = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(600);
  const [scrollTop, setScrollTop] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const onScroll = useCallback(() => setScrollTop(ref.current?.scrollTop ?? 0), []);
  return { ref, height, scrollTop, onScroll };
}

export function FleetTree({ rows, selected, now, hubNow, onSelect, onToggle }: Props): ReactElement {
  const { ref, height, scrollTop, onScroll } = useViewport();
  const [focused, setFocused] = useState<string | null>(null);
  const focusIndex = rows.findIndex((row) => row.key === (focused ?? selected));
  const visible = rowWindow(scrollTop, height, ROW_HEIGHT, rows.length);

  // A row chosen elsewhere (a link in the panel) is brought into view.
  useEffect(() => {
    const element = ref.current;
    const index = rows.findIndex((row) => row.key === selected);
    if (!element || index < 0) return;
    element.scrollTop = scrollToRow(index, element.scrollTop, element.clientHeight - ROW_HEIGHT, ROW_HEIGHT);
    // Only when the choice changes: new rows must not move what somebody is reading.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [selected]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = moveOf(event.key, rows, focusIndex);
    const row = move ? rows[move.index] : undefined;
    if (!move || !row) return;
    event.preventDefault();
    setFocused(row.key);
    if (move.do === "toggle") onToggle(row.key, move.expanded);
    if (move.do === "open") onSelect(row.key);
    const element = ref.current;
    if (element)
      element.scrollTop = scrollToRow(move.index, element.scrollTop, element.clientHeight - ROW_HEIGHT, ROW_HEIGHT);
  };

  const pick = (row: Row): void => {
    setFocused(row.key);
    if (row.node) onSelect(row.key);
    else onToggle(row.key, !row.expanded);
  };

  return (
    <div
      ref={ref}
      className="tree"
      role="treegrid"
      aria-label="Fleet"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={focusIndex >= 0 ? `row-${focusIndex}` : undefined}
      tabIndex={0}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
    >
      <div className="tree-head" role="row" aria-rowindex={1}>
        <span role="columnheader">Name</span>
        <span role="columnheader">Status</span>
        <span role="columnheader">Revision</span>
        <span role="columnheader">Message</span>
        <span role="columnheader" className="tree-age">
          Age
        </span>
      </div>
      <div className="tree-body" style={{ height: rows.length * ROW_HEIGHT }}>
        {rows.slice(visible.start, visible.end).map((row, offset) => (
          <TreeRow
            key={row.key}
            row={row}
            index={visible.start + offset}
            top={(visible.start + offset) * ROW_HEIGHT}
            selected={row.key === selected}
            focused={visible.start + offset === focusIndex}
            now={now}
            hubNow={hubNow}
            onPick={pick}
            onToggle={onToggle}
          />
        ))}
      </div>
    </div>
  );
}
