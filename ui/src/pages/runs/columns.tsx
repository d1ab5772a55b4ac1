/** The columns of the table: what each shows, which there are when none are chosen. */

import { Link } from "@tanstack/react-router";
import { useMemo } from "react";

import { numberText, resultsFirst } from "../../api/words";
import { Status, Verdict } from "../../parts/badge";
import type { Column } from "../../parts/table";
import { Duration, Time } from "../../parts/time";
import { useCourses } from "./courses";
import { Course } from "./course";
import { type Run, useNames } from "./data";
import type { SetSearch } from "./page";
import type { RunsSearch } from "./search";

interface Fixed {
  label: string;
  width: number;
  /** The field of a query by which it is sorted. */
  field?: string;
  isNumber?: boolean;
  cell: (run: Run) => React.ReactNode;
}

const DASH = <span className="faint">–</span>;

export const FIXED: Record<string, Fixed> = {
  name: {
    label: "Name",
    width: 220,
    field: "name",
    cell: (run) => (
      <Link to="/runs/$run" params={{ run: run.id }} className="runs-name" title={run.name}>
        {run.name}
      </Link>
    ),
  },
  status: {
    label: "Status",
    width: 108,
    field: "status",
    cell: (run) => <Status status={run.status} />,
  },
  started: {
    label: "Started",
    width: 112,
    field: "started",
    cell: (run) => <Time at={run.started} />,
  },
  duration: {
    label: "Took",
    width: 84,
    field: "duration",
    isNumber: true,
    cell: (run) => <Duration seconds={run.duration_s} />,
  },
  user: {
    label: "By",
    width: 120,
    field: "user",
    cell: (run) => <span title={run.user}>{run.user}</span>,
  },
  verdict: {
    label: "Reproduced",
    width: 120,
    field: "verdict",
    cell: (run) => (run.verdict ? <Verdict verdict={run.verdict} /> : DASH),
  },
  project: { label: "Project", width: 120, field: "project", cell: (run) => run.project },
  experiment: {
    label: "Experiment",
    width: 130,
    field: "experiment",
    cell: (run) => run.experiment,
  },
  exception: {
    label: "Failed by",
    width: 150,
    field: "exception",
    cell: (run) => (run.exception ? <span title={run.exception}>{run.exception}</span> : DASH),
  },
  branch: { label: "Branch", width: 120, field: "branch", cell: (run) => run.branch ?? DASH },
  commit: {
    label: "Commit",
    width: 92,
    field: "commit",
    cell: (run) => (run.commit ? <code title={run.commit}>{run.commit.slice(0, 8)}</code> : DASH),
  },
  host: { label: "Machine", width: 120, field: "host", cell: (run) => run.host ?? DASH },
  python: { label: "Python", width: 80, field: "python", cell: (run) => run.python ?? DASH },
  id: { label: "Id", width: 156, field: "id", cell: (run) => <code>{run.id}</code> },
};

const FIRST = ["name", "status", "started", "duration", "user", "verdict"];
const OF_THEIR_OWN = { metrics: 4, params: 5 } as const;
const LOOKED_AT = 50;
const WIDTH_MAX = 220;
const CHAR_PX = 7.2;

/** Return the name of a column as its heading says it. */
export function labelOf(id: string): string {
  return FIXED[id]?.label ?? id.slice(id.indexOf(".") + 1);
}

function cellOf(id: string, run: Run): React.ReactNode {
  const name = id.slice(id.indexOf(".") + 1);
  if (id.startsWith("params.")) {
    const value = run.params[name];
    if (value === undefined || value === null) return DASH;
    const text = typeof value === "number" ? numberText(value) : String(value);
    return <span title={String(value)}>{text}</span>;
  }
  const tag = run.tags[name];
  return tag === undefined ? DASH : <span title={tag}>{tag}</span>;
}

function widthOf(id: string, withCourse: boolean): number {
  const text = labelOf(id).length * CHAR_PX + 28;
  if (id.startsWith("metrics.")) return Math.min(WIDTH_MAX, Math.max(withCourse ? 160 : 84, text));
  return Math.min(WIDTH_MAX, Math.max(84, text));
}

/** Return some of the most used names: `loss` says more of a run than `recall/7`. */
function plainFirst(names: readonly string[], most: number): string[] {
  const isPlain = (one: string) => !/[/.]/.test(one);
  return [...names.filter(isPlain), ...names.filter((one) => !isPlain(one))].slice(0, most);
}

interface Columns {
  columns: Column<Run>[];
  /** Their ids, in order. */
  ids: readonly string[];
  /** Those that there would be if none were chosen. */
  auto: readonly string[];
}

/** Return the columns that the address names, or those that fit what there is. */
export function useColumns(
  search: RunsSearch,
  setSearch: SetSearch,
  seen: readonly string[],
): Columns {
  const isOpen = search.columns === undefined;
  const metrics = useNames("metrics", "", LOOKED_AT, isOpen).data?.names;
  const params = useNames("params", "", LOOKED_AT, isOpen).data?.names;
  const auto = useMemo(() => {
    if (!metrics || !params) return FIRST; // asked for once, when both are known
    return [
      ...FIRST,
      ...resultsFirst(plainFirst(metrics, LOOKED_AT))
        .slice(0, OF_THEIR_OWN.metrics)
        .map((one) => `metrics.${one}`),
      ...plainFirst(params, OF_THEIR_OWN.params).map((one) => `params.${one}`),
    ];
  }, [metrics, params]);
  const ids = search.columns ?? auto;
  const withCourses = search.courses ?? false;
  const courses = useCourses(ids, seen, withCourses);
  const { pin, sort } = search;
  const columns = useMemo(() => {
    const pinned = new Set(["name", ...(pin ?? [])]);
    const ordered = [...ids.filter((id) => pinned.has(id)), ...ids.filter((id) => !pinned.has(id))];
    return ordered.map((id): Column<Run> => {
      const fixed = FIXED[id];
      const isMetric = id.startsWith("metrics.");
      const field = fixed ? fixed.field : id;
      const next = sort === `-${field}` ? field : sort === field ? undefined : `-${field}`;
      return {
        id,
        label: labelOf(id),
        width: fixed?.width ?? widthOf(id, withCourses),
        isPinned: pinned.has(id),
        isNumber: fixed?.isNumber ?? isMetric,
        sort: sort === field ? "ascending" : sort === `-${field}` ? "descending" : undefined,
        onSort: field ? () => setSearch({ sort: next }) : undefined,
        cell:
          fixed?.cell ??
          (isMetric
            ? (run) => (
                <Metric
                  run={run}
                  name={id.slice(8)}
                  course={courses.get(`${run.id} ${id.slice(8)}`)}
                />
              )
            : (run) => cellOf(id, run)),
      };
    });
  }, [ids, pin, sort, setSearch, withCourses, courses]);
  return { columns, ids, auto };
}

interface MetricProps {
  run: Run;
  name: string;
  course: readonly (number | null)[] | undefined;
}

function Metric({ run, name, course }: MetricProps) {
  const found = run.metrics[name];
  if (!found) return DASH;
  const title = `last ${numberText(found.last)}, min ${numberText(found.min)}, max ${numberText(found.max)}, ${found.count} points`;
  return (
    <span className="runs-metric" title={title}>
      {course && <Course values={course} />}
      <span>{numberText(found.last)}</span>
    </span>
  );
}
