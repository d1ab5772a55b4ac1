/** Charts of all metrics, the runs' lines laid over each other, or brought together by a param. */

import { useMemo, useState } from "react";

import { ChartControls } from "../../charts/controls";
import { FullChart } from "../../charts/full";
import { ChartGrid } from "../../charts/grid";
import type { Window } from "../../charts/line";
import type { ShownRun } from "../../charts/series";
import { useView } from "../../charts/use-view";
import { searchOf } from "../../charts/view";
import { Empty } from "../../parts/empty";
import { metricsNamed, varies } from "./data";
import { Legend } from "./legend";
import type { PartProps } from "./page";

export default function ChartsPart({ compared, shown, search, setSearch }: PartProps) {
  const [chosen, setChosen] = useState<string | null>(null);
  const { group, full, find = "", closed = "" } = search;
  const view = useView(search);
  const all = useMemo(() => Object.keys(compared.metrics), [compared.metrics]);
  const params = useMemo(() => {
    const names = [...new Set(compared.runs.flatMap((run) => Object.keys(run.params)))];
    return names.filter((name) => varies(compared.runs.map((run) => run.params[name])));
  }, [compared.runs]);
  const groupOf = useMemo(() => {
    if (!group) return undefined;
    const values = new Map(compared.runs.map((run) => [run.id, run.params[group]]));
    return (run: string) => `${group} = ${String(values.get(run) ?? "–")}`;
  }, [group, compared.runs]);
  const metrics = useMemo(() => metricsNamed(all, find), [all, find]);
  const shut = new Set(closed ? closed.split(",") : []);
  const onClosed = (section: string, isClosed: boolean) => {
    const next = new Set(shut);
    if (isClosed) next.add(section);
    else next.delete(section);
    setSearch({ closed: [...next].join(",") || undefined }, { replace: true });
  };
  if (!all.length) {
    return (
      <Empty title="None of these runs logged a metric." command="afield.log({'loss': loss})" />
    );
  }
  const chart = {
    runs: shown,
    view,
    chosen,
    groupOf,
    sync: "compare",
    onWindow: (window: Window) => setSearch(searchOf({ ...view, window })),
  };
  return (
    <>
      <div className="bar">
        <input
          type="search"
          aria-label="Find metrics"
          placeholder={`Find among ${all.length.toLocaleString("en")} metrics`}
          value={find}
          onChange={(event) =>
            setSearch({ find: event.target.value || undefined }, { replace: true })
          }
        />
        {params.length > 0 && (
          <label>
            Together by
            <select
              value={group ?? ""}
              onChange={(event) =>
                setSearch({ group: event.target.value || undefined }, { replace: true })
              }
            >
              <option value="">nothing</option>
              {params.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
        <ChartControls
          view={view}
          metrics={all}
          onView={(next) => setSearch(searchOf(next), { replace: true })}
        />
      </div>
      <Legend
        shown={groupOf ? groupsOf(shown, groupOf) : shown}
        isGroups={groupOf !== undefined}
        chosen={chosen}
        onChosen={setChosen}
      />
      {metrics.length ? (
        <ChartGrid
          {...chart}
          metrics={metrics}
          closed={shut}
          onClosed={onClosed}
          onFull={(metric) => setSearch({ full: metric })}
        />
      ) : (
        <Empty title={`No metric's name holds “${find}”.`} />
      )}
      {full && all.includes(full) && (
        <FullChart {...chart} metric={full} onClose={() => setSearch({ full: undefined })} />
      )}
    </>
  );
}

/** Return a line's name and colour for each group: that of its first run, as charts draw it. */
function groupsOf(shown: readonly ShownRun[], groupOf: (run: string) => string): ShownRun[] {
  const found = new Map<string, ShownRun>();
  for (const run of shown) {
    const label = groupOf(run.id);
    if (!found.has(label)) found.set(label, { ...run, label });
  }
  return [...found.values()];
}
