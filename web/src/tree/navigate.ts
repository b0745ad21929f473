/** What an arrow key does in the tree: pure. */
import type { Row } from "./rows";

export type Move =
  | { do: "focus"; index: number }
  | { do: "toggle"; index: number; expanded: boolean }
  | { do: "open"; index: number };

/** Rows that Page Up and Page Down go. */
const PAGE_ROWS = 15;

function parentIndex(rows: readonly Row[], index: number): number {
  const depth = rows[index]?.depth ?? 0;
  for (let i = index - 1; i >= 0; i -= 1) if ((rows[i]?.depth ?? 0) < depth) return i;
  return index;
}

/** Where a key leads when no row has the focus yet. */
function enter(key: string, total: number): Move | null {
  if (total === 0) return null;
  if (key === "ArrowDown" || key === "Home") return { do: "focus", index: 0 };
  return key === "ArrowUp" || key === "End" ? { do: "focus", index: total - 1 } : null;
}

/** The move of a key in the tree pattern of WAI-ARIA; `null` when the key means nothing here. */
export function moveOf(key: string, rows: readonly Row[], index: number): Move | null {
  const row = rows[index];
  if (!row) return enter(key, rows.length);
  const clamp = (i: number): Move => ({ do: "focus", index: Math.max(0, Math.min(rows.length - 1, i)) });
  switch (key) {
    case "ArrowDown":
      return clamp(index + 1);
    case "ArrowUp":
      return clamp(index - 1);
    case "PageDown":
      return clamp(index + PAGE_ROWS);
    case "PageUp":
      return clamp(index - PAGE_ROWS);
    case "Home":
      return clamp(0);
    case "End":
      return clamp(rows.length - 1);
    case "ArrowRight":
      if (row.expandable && !row.expanded) return { do: "toggle", index, expanded: true };
      return row.expandable ? clamp(index + 1) : null;
    case "ArrowLeft":
      if (row.expanded) return { do: "toggle", index, expanded: false };
      return clamp(parentIndex(rows, index));
    case "Enter":
    case " ":
      return row.node ? { do: "open", index } : { do: "toggle", index, expanded: !row.expanded };
    default:
      return null;
  }
}
