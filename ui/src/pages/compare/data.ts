/** What the page asks, and the values of runs as columns that can be drawn. */

import { useQuery } from "@tanstack/react-query";

import { api, told } from "../../api";
import type { components } from "../../api/schema";

export type Compared = components["schemas"]["Compared"];
export type Row = components["schemas"]["RunRow"];
export type Scalar = string | number | boolean | null;

export function useCompared(ids: readonly string[]) {
  return useQuery({
    queryKey: ["compare", ids],
    queryFn: ({ signal }) =>
      told(api.GET("/compare", { params: { query: { run: [...ids] } }, signal })),
    enabled: ids.length > 0,
  });
}

/** One thing that each run has a value of. */
export interface Column {
  /** `params.lr`, `metrics.loss`. */
  key: string;
  name: string;
  values: (Scalar | undefined)[];
  isNumeric: boolean;
}

/** Return all params and metrics as columns, params first, in the order of the runs. */
export function columnsOf(rows: readonly Row[]): Column[] {
  const params = new Set(rows.flatMap((row) => Object.keys(row.params)));
  const metrics = new Set(rows.flatMap((row) => Object.keys(row.metrics)));
  return [
    ...[...params].map((name) =>
      column(
        `params.${name}`,
        name,
        rows.map((row) => row.params[name]),
      ),
    ),
    ...[...metrics].map((name) =>
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

const RESULTS = /(^|[/_.])(acc|accuracy|auc|f1|score|r2|bleu|map|iou|loss|error|rmse|mae)$/i;
const HELD_OUT = /^(test|val|valid|validation|eval)\b|[/_.](test|val|eval)\b/i;

/**
 * Return the metric to begin with: one that most runs have; of these one that is called as
 * results are, on data that was held out if there is one.
 */
export function firstMetric(rows: readonly Row[]): string {
  const counts = new Map<string, number>();
  for (const row of rows) {
    for (const name of Object.keys(row.metrics)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const rank = (name: string) => (RESULTS.test(name) ? 2 : 0) + (HELD_OUT.test(name) ? 1 : 0);
  return [...counts].sort((a, b) => b[1] - a[1] || rank(b[0]) - rank(a[0]))[0]?.[0] ?? "";
}
