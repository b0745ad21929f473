/** Line icons of 16 units. */
import type { ReactElement } from "react";

const PATHS = {
  chevron: "m6 4 4 4-4 4",
  search: "M7.2 12a4.8 4.8 0 1 0 0-9.6 4.8 4.8 0 0 0 0 9.6Zm3.5-1.3 3 3",
  close: "m4 4 8 8m0-8-8 8",
  reconcile: "M13 8a5 5 0 1 1-1.5-3.6M13 2.6v2.6h-2.6",
  pause: "M5.8 4v8m4.4-8v8",
  play: "m5.5 3.8 6.5 4.2-6.5 4.2z",
  sun: "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM8 1.8v1.4m0 9.6v1.4m6.2-6.2h-1.4m-9.6 0H1.8m10.6-4.4-1 1m-6.8 6.8-1 1m8.8 0-1-1M4.6 4.6l-1-1",
  moon: "M13 9.4A5.4 5.4 0 0 1 6.6 3 5.4 5.4 0 1 0 13 9.4Z",
  cluster: "M8 1.9 13.3 5v6L8 14.1 2.7 11V5zM2.9 5.1 8 8l5.1-2.9M8 8v6",
  copy: "M6 6h7v7H6zM3.5 10H3V3h7v.5",
  alert: "M8 2.2 14.3 13H1.7zM8 6.4v3M8 11.2v.1",
  signal: "M3 12.5v-2m3.3 2V8m3.4 4.5v-7m3.3 7V3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, className }: { name: IconName; className?: string }): ReactElement {
  return (
    <svg className={className ? `icon ${className}` : "icon"} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
