/** Every state of the page that compares, as it stands in its address. */

import type { ChartSearch } from "../../charts/view";

export const TABS = [
  "differences",
  "charts",
  "scatter",
  "parallel",
  "importance",
  "pair",
  "images",
] as const;
export type CompareTab = (typeof TABS)[number];

export const RUNS_MAX = 200;

export interface CompareSearch extends ChartSearch {
  /** Ids of runs, set apart by commas; the first is what others are measured by. */
  runs?: string;
  tab?: CompareTab;
  find?: string;
  /** Which of the parts in which metrics are told; the first is 0. */
  part?: number;
  /** Show what is equal, too. */
  same?: boolean;
  /** The metric that a tab is about. */
  metric?: string;
  /** What stands on the axes of the scatter: `params.lr`, `metrics.loss`. */
  across?: string;
  up?: string;
  /** The param whose values bring lines together. */
  group?: string;
  full?: string;
  closed?: string;
  path?: string;
  /** Ids of the two runs that are looked at in detail. */
  pair?: string;
}

export type SetCompare = (
  part: { [key in keyof CompareSearch]?: CompareSearch[key] | undefined },
  how?: { replace?: boolean },
) => void;

const TEXTS = [
  "runs",
  "find",
  "metric",
  "across",
  "up",
  "group",
  "full",
  "closed",
  "path",
  "pair",
  "x",
  "log",
  "zoom",
] as const;

/** Return what an address says; what makes no sense is left out. */
export function readCompareSearch(given: Record<string, unknown>): CompareSearch {
  const found: CompareSearch = {};
  for (const name of TEXTS) {
    const value = given[name];
    if (typeof value === "string" || typeof value === "number") found[name] = String(value);
  }
  if (Array.isArray(given.runs)) found.runs = given.runs.map(String).join(",");
  const tab = TABS.find((one) => one === given.tab);
  if (tab) found.tab = tab;
  if (given.same === true) found.same = true;
  if (Number.isInteger(given.part) && Number(given.part) > 0) found.part = Number(given.part);
  if (typeof given.smooth === "number") found.smooth = given.smooth;
  if (typeof given.band === "boolean") found.band = given.band;
  return found;
}

/** Return the ids in an address, each once. */
export function idsOf(search: CompareSearch): string[] {
  return [...new Set((search.runs ?? "").split(",").filter(Boolean))].slice(0, RUNS_MAX);
}
