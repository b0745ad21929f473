/** Light or dark: the system's choice until somebody chooses; `public/theme.js` restores the choice before paint. */
import { useState } from "react";

export type Theme = "light" | "dark";

const STORAGE_KEY = "skein-theme";

function current(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  if (chosen === "light" || chosen === "dark") return chosen;
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** The theme, and a function that changes to the other one. */
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState<Theme>(current);
  const flip = (): void => {
    const next: Theme = theme === "dark" ? "light" : "dark";
    document.documentElement.dataset["theme"] = next;
    try {
      localStorage.setItem(STORAGE_KEY, next);
    } catch {
      // Storage may be forbidden: the choice then lasts as long as the page.
    }
    setTheme(next);
  };
  return [theme, flip];
}
