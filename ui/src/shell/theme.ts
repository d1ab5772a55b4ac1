/** The reader's theme: the system's unless they chose one. `public/theme.js` sets it first. */

import { useSyncExternalStore } from "react";

export const THEMES = ["system", "light", "dark", "contrast"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "afield.theme";
const listeners = new Set<() => void>();

function current(): Theme {
  const found = document.documentElement.dataset.theme;
  return THEMES.find((one) => one === found) ?? "system";
}

/** Take another theme, and keep it for the next time. */
export function setTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // storage is forbidden: it holds until the page is closed
  }
  for (const tell of listeners) tell();
}

export function nextTheme(): void {
  setTheme(THEMES[(THEMES.indexOf(current()) + 1) % THEMES.length] ?? "system");
}

export function useTheme(): Theme {
  return useSyncExternalStore((tell) => {
    listeners.add(tell);
    return () => listeners.delete(tell);
  }, current);
}
