/** The charts of a run: each metric its own, thousands of them if there are. */

import { useMemo } from "react";

import { colorOf } from "../../charts/colors";
import { ChartControls } from "../../charts/controls";
import { FullChart } from "../../charts/full";
import { ChartGrid } from "../../charts/grid";
import type { Window } from "../../charts/line";
import { useView } from "../../charts/use-view";
import { searchOf } from "../../charts/view";
import { RUNNING } from "./data";
import type { TabProps } from "./run-page";

export default function Charts({ run, live, search, setSearch }: TabProps) {
  const { find = "", full, closed = "" } = search;
  const view = useView(search);
  const runs = useMemo(
    () => [{ id: run.id, label: run.name, color: colorOf(run.id) }],
    [run.id, run.name],
  );
  const all = useMemo(() => Object.keys(run.metrics), [run.metrics]);
  const metrics = useMemo(() => {
    const words = find.toLowerCase().split(" ").filter(Boolean);
    return all.filter((name) => words.every((word) => name.toLowerCase().includes(word)));
  }, [all, find]);
  const shut = new Set(closed ? closed.split(",") : []);
  const onWindow = (window: Window) => setSearch(searchOf({ ...view, window }));
  const onClosed = (section: string, isClosed: boolean) => {
    const next = new Set(shut);
    if (isClosed) next.add(section);
    else next.delete(section);
    setSearch({ closed: [...next].join(",") || undefined }, { replace: true });
  };
  if (!all.length) {
    return (
      <p className="empty">
        {run.status === RUNNING ? "Nothing is logged yet." : "This run logged no metrics."} A script
        logs with{" "}
        <code>
          afield.log({"{"}"loss": loss{"}"})
        </code>
        .
      </p>
    );
  }
  const chart = { runs, view, onWindow, revision: live.points, sync: "run" };
  return (
    <>
      <div className="bar">
        <input
          type="search"
          placeholder={`Find among ${all.length.toLocaleString("en")} metrics`}
          aria-label="Find metrics"
          value={find}
          onChange={(event) =>
            setSearch({ find: event.target.value || undefined }, { replace: true })
          }
        />
        <ChartControls
          view={view}
          metrics={all}
          onView={(next) => setSearch(searchOf(next), { replace: true })}
        />
      </div>
      {metrics.length ? (
        <ChartGrid
          {...chart}
          metrics={metrics}
          closed={shut}
          onClosed={onClosed}
          onFull={(metric) => setSearch({ full: metric })}
        />
      ) : (
        <p className="empty">No metric's name holds “{find}”.</p>
      )}
      {full && all.includes(full) && (
        <FullChart
          {...chart}
          metric={full}
          height={400}
          onClose={() => setSearch({ full: undefined })}
        />
      )}
    </>
  );
}
