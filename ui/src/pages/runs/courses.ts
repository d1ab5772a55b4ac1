/** The courses of metrics for the rows that can be seen: asked for together, kept while they hold. */

import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";

import { api, told } from "../../api";

const POINTS = 32;
const SERIES_MAX = 480;
const NOTHING: ReadonlyMap<string, readonly (number | null)[]> = new Map();
const ROWS = 20;
const FRESH_MS = 60_000;

/** Return the values of `run metric` for those rows and columns; empty while it is off. */
export function useCourses(columns: readonly string[], runs: readonly string[], isOn: boolean) {
  const metrics = useMemo(
    () =>
      columns
        .filter((one) => one.startsWith("metrics."))
        .map((one) => one.slice(8))
        .slice(0, SERIES_MAX / ROWS),
    [columns],
  );
  const parts: string[][] = [];
  if (isOn && metrics.length > 0) {
    for (let at = 0; at < runs.length; at += ROWS) parts.push(runs.slice(at, at + ROWS));
  }
  return useQueries({
    queries: parts.map((run) => ({
      queryKey: ["courses", run, metrics],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        told(
          api.GET("/series", {
            params: { query: { run, metric: metrics, points: POINTS } },
            signal,
          }),
        ),
      staleTime: FRESH_MS,
    })),
    combine: joined,
  });
}

type Answers = readonly {
  data:
    { series: readonly { run: string; metric: string; value: (number | null)[] }[] } | undefined;
}[];

function joined(answers: Answers): ReadonlyMap<string, readonly (number | null)[]> {
  const all = answers.flatMap((one) => one.data?.series ?? []);
  if (all.length === 0) return NOTHING;
  return new Map(all.map((one) => [`${one.run} ${one.metric}`, one.value]));
}
