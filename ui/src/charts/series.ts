/** Asks the server for the points that a chart shows: bucketed there, as wide as the plot is. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { api, told } from "../api";
import { turns } from "../api/turns";
import type { components } from "../api/schema";
import type { Line } from "./line";
import type { ChartView } from "./view";

type Series = components["schemas"]["Series"];

/** A run that a chart shows. */
export interface ShownRun {
  id: string;
  label: string;
  color: string;
}

export const POINTS = 400;
export const POINTS_FULL = 1_200;
export const POINTS_MAX = 10_000;
const RUNS_AT_ONCE = 100;
const KEPT_MS = 60_000;
const LIVE_KEPT_MS = 3_000;
const inTurn = turns(2);

/** Return the lines of a metric (or several) of some runs. */
export function useLines(
  runs: readonly ShownRun[],
  metrics: readonly string[],
  view: ChartView,
  revision: number,
  points = POINTS,
) {
  const ids = runs.map((run) => run.id);
  const { axis, xMetric, smooth, window } = view;
  const found = useQuery({
    queryKey: ["series", ids, metrics, axis, xMetric, smooth, window, revision, points],
    queryFn: ({ signal }) => fetchSeries(ids, metrics, view, points, signal, true),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: revision ? LIVE_KEPT_MS : KEPT_MS,
    enabled: axis !== "metric" || xMetric !== "",
  });
  return found;
}

/** Fetch the series of a view, in at most `points` buckets each. */
export async function fetchSeries(
  runs: readonly string[],
  metrics: readonly string[],
  view: ChartView,
  points: number,
  signal?: AbortSignal,
  lean = false,
): Promise<Series[]> {
  const [first, last] = view.window;
  const asked = {
    metric: [...metrics],
    points,
    x: view.axis,
    ...(lean ? { lean } : {}),
    ...(view.axis === "metric" ? { x_metric: view.xMetric } : {}),
    ...(view.smooth ? { smooth: view.smooth } : {}),
    ...(first === null ? {} : { first }),
    ...(last === null ? {} : { last }),
  };
  const parts = [];
  for (let at = 0; at < runs.length; at += RUNS_AT_ONCE) {
    const query = { ...asked, run: runs.slice(at, at + RUNS_AT_ONCE) };
    const ask = () => told(api.GET("/series", { params: { query }, signal: signal ?? null }));
    parts.push(inTurn(ask, signal));
  }
  return (await Promise.all(parts)).flatMap((part) => part.series);
}

/** Return series as lines, in the order and colours of the runs. */
export function linesOf(series: readonly Series[], runs: readonly ShownRun[]): Line[] {
  const byRun = new Map(runs.map((run, index) => [run.id, { ...run, index }]));
  return series
    .flatMap((one) => {
      const run = byRun.get(one.run);
      return run ? [{ one, run }] : [];
    })
    .sort((a, b) => a.run.index - b.run.index)
    .map(({ one, run }) => ({
      key: `${one.run}:${one.metric}`,
      run: one.run,
      metric: one.metric,
      label: run.label,
      color: run.color,
      count: one.count,
      x: one.x,
      step: one.step,
      time: one.time_ms,
      value: one.value,
      low: one.min,
      high: one.max,
      smooth: one.smooth,
    }));
}
