/** What the page asks, and the values of runs as columns that can be drawn. */

import { useQuery } from "@tanstack/react-query";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { resultsFirst } from "../../api/words";
import type { CompareSearch } from "./search";

export type Compared = components["schemas"]["Compared"];
export type Row = components["schemas"]["RunRow"];
export type Scalar = string | number | boolean | null;

/** Metrics whose values are told at once; the server takes no more. */
export const METRICS_MAX = 200;
const NONE = [""];

/** Ask for runs side by side, with the values of some metrics; all have their names told. */
export function useCompared(ids: readonly string[], metrics: readonly string[] = []) {
  const metric = metrics.length ? [...metrics] : NONE;
  return useQuery({
    queryKey: ["compare", ids, metric],
    queryFn: ({ signal }) =>
      told(api.GET("/compare", { params: { query: { run: [...ids], metric } }, signal })),
    enabled: ids.length > 0,
    placeholderData: (before, query) => (query?.queryKey[1] === ids ? before : undefined),
  });
}

/** Return the metrics whose values a tab shows: a run may have thousands. */
export function wantedMetrics(counts: Compared["metrics"], search: CompareSearch): string[] {
  const { tab = "differences", find = "", part = 0, across, up, metric } = search;
  const names = Object.keys(counts);
  if (tab === "differences") {
    const first = part * METRICS_MAX;
    return resultsFirst(metricsNamed(names, find)).slice(first, first + METRICS_MAX);
  }
  const first = firstMetric(counts);
  if (tab === "parallel") return known(counts, [metric ?? first]);
  if (tab !== "scatter") return [];
  const axes = [across, up].flatMap((one) =>
    one?.startsWith(METRICS) ? [one.slice(METRICS.length)] : [],
  );
  return known(counts, [...axes, first, ...names.slice(0, AXES_TRIED)]);
}

/** Return the names that hold what is looked for. */
export function metricsNamed(names: readonly string[], find: string): string[] {
  return names.filter((name) => name.toLowerCase().includes(find.toLowerCase()));
}

function known(counts: Compared["metrics"], names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => name in counts);
}

const METRICS = "metrics.";
/** Metrics among which an axis is looked for where no param varies. */
const AXES_TRIED = 20;

/** One thing that each run has a value of. */
export interface Column {
  /** `params.lr`, `metrics.loss`. */
  key: string;
  name: string;
  values: (Scalar | undefined)[];
  isNumeric: boolean;
}

/** Return all params and metrics as columns, params first; of metrics only some have values. */
export function columnsOf({ runs: rows, metrics: counts }: Compared): Column[] {
  const params = new Set(rows.flatMap((row) => Object.keys(row.params)));
  const metrics = Object.keys(counts);
  return [
    ...[...params].map((name) =>
      column(
        `params.${name}`,
        name,
        rows.map((row) => row.params[name]),
      ),
    ),
    ...metrics.map((name) =>
      column(
        `metrics.${name}`,
        name,
        rows.map((row) => row.metrics[name]?.last),
      ),
    ),
  ];
}

function column(key: string, name: string, values: (Scalar | undefined)[]): Column {
  const there = values.filter((value) => value !== null && value !== undefined);
  return { key, name, values, isNumeric: there.every((value) => typeof value === "number") };
}

/** Return a value as a number; texts by their place among the different ones. */
export function numbersOf(one: Column): { numbers: (number | null)[]; words: string[] | null } {
  if (one.isNumeric) {
    return {
      numbers: one.values.map((value) => (typeof value === "number" ? value : null)),
      words: null,
    };
  }
  const told = one.values.map((value) =>
    value === null || value === undefined ? null : String(value),
  );
  const words = [...new Set(told.filter((value) => value !== null))].sort();
  return { numbers: told.map((value) => (value === null ? null : words.indexOf(value))), words };
}

/** Whether not all values are the same. */
export function differs(values: readonly unknown[]): boolean {
  return values.some((value) => (value ?? null) !== (values[0] ?? null));
}

/** Whether at least two runs have a value, and not the same one. */
export function varies(values: readonly unknown[]): boolean {
  return differs(values.filter((value) => value !== null && value !== undefined));
}

/**
 * Return the metric to begin with: one that most runs have; of these one that is called as
 * results are, on data that was held out if there is one.
 */
export function firstMetric(counts: Compared["metrics"]): string {
  const found = resultsFirst(Object.keys(counts));
  return found.sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0))[0] ?? "";
}
