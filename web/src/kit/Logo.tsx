/** The mark: two threads that cross. */
import type { ReactElement } from "react";

export function Logo(): ReactElement {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <path className="logo-under" d="M4 10c8 0 8.5 12 16 12h8" />
      <path className="logo-over" d="M4 22c8 0 8.5-12 16-12h8" />
    </svg>
  );
}
