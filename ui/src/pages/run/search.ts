/** Every state of the page of a run, as it stands in its address. */

import type { ChartSearch } from "../../charts/view";

export const TABS = {
  overview: "Overview",
  charts: "Charts",
  params: "Params",
  console: "Console",
  code: "Code",
  environment: "Environment",
  files: "Files",
  lineage: "Lineage",
  reproductions: "Reproductions",
  notes: "Notes",
  talk: "Talk",
} as const;

export type Tab = keyof typeof TABS;

export interface RunSearch extends ChartSearch {
  tab?: Tab;
  /** What is looked for in the tab. */
  find?: string;
  /** The chart that is shown large. */
  full?: string;
  /** Sections of charts that are closed, set apart by commas. */
  closed?: string;
  kind?: "code" | "input" | "output" | "saved";
  path?: string;
  /** The run that code or environment is compared with. */
  against?: string;
  depth?: number;
}

const TEXTS = ["find", "full", "closed", "path", "against", "x", "log", "zoom"] as const;
const KINDS: readonly unknown[] = ["code", "input", "output", "saved"];

/** Return what an address says; what makes no sense is left out. */
export function runSearch(given: Record<string, unknown>): RunSearch {
  const found: RunSearch = {};
  for (const name of TEXTS) {
    const value = given[name];
    if (typeof value === "string" || typeof value === "number") found[name] = String(value);
  }
  if (typeof given.tab === "string" && given.tab in TABS) found.tab = given.tab as Tab;
  if (KINDS.includes(given.kind)) found.kind = given.kind as NonNullable<RunSearch["kind"]>;
  if (typeof given.smooth === "number") found.smooth = given.smooth;
  if (typeof given.band === "boolean") found.band = given.band;
  if (typeof given.depth === "number") found.depth = given.depth;
  return found;
}

/** Changes the address; `undefined` takes a part away. */
export type SetSearch = (
  part: { [key in keyof RunSearch]?: RunSearch[key] | undefined },
  how?: { replace?: boolean },
) => void;
