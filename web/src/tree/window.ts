/** Which rows of a long list are near enough to the visible part to be drawn: pure. */

export interface RowWindow {
  /** Index of the first row that is drawn. */
  start: number;
  /** Index after the last row that is drawn. */
  end: number;
}

/** Rows drawn beyond the visible part on either side, so that fast scrolling does not show gaps. */
const OVERSCAN_ROWS = 12;

export function rowWindow(scrollTop: number, height: number, rowHeight: number, total: number): RowWindow {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const count = Math.ceil(Math.max(0, height) / rowHeight);
  const start = Math.max(0, Math.min(first, total) - OVERSCAN_ROWS);
  return { start, end: Math.min(total, first + count + OVERSCAN_ROWS) };
}

/** Where to scroll so that a row is visible; the same place when it already is. */
export function scrollToRow(index: number, scrollTop: number, height: number, rowHeight: number): number {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + height) return top + rowHeight - height;
  return scrollTop;
}
