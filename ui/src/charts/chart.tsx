/** One chart: a metric of one run or many, with its zoom, its files and its full screen. */

import { useMemo, useRef, useState } from "react";

import { numberText } from "../api/words";
import { save, toCsv, toPng, toSvg } from "./export";
import { grouped } from "./groups";
import type { Line, Window } from "./line";
import { Plot } from "./plot";
import {
  fetchSeries,
  linesOf,
  POINTS,
  POINTS_FULL,
  POINTS_MAX,
  type ShownRun,
  useLines,
} from "./series";
import { axisLabel, type ChartView } from "./view";

export interface ChartProps {
  metric: string;
  runs: readonly ShownRun[];
  view: ChartView;
  onWindow: (window: Window) => void;
  /** Grows when there are new points. */
  revision?: number;
  sync?: string;
  height?: number;
  chosen?: string | null;
  /** What the runs of one line have in common; without it each run is a line of its own. */
  groupOf?: ((run: string) => string) | undefined;
  onFull?: (() => void) | undefined;
  isFull?: boolean;
}

const HEIGHT = 220;

export function Chart(props: ChartProps) {
  const { metric, runs, view, onWindow, height = HEIGHT, groupOf } = props;
  const found = useLines(
    runs,
    [metric],
    view,
    props.revision ?? 0,
    props.isFull ? POINTS_FULL : POINTS,
  );
  const canvas = useRef<HTMLCanvasElement>(null);
  const lines = useMemo(
    () => together(linesOf(found.data ?? [], runs), groupOf),
    [found.data, runs, groupOf],
  );
  const zoomed = view.window[0] !== null || view.window[1] !== null;
  const points = lines.reduce((sum, line) => sum + line.count, 0);

  return (
    <figure className="chart" data-metric={metric} aria-busy={found.isFetching}>
      <figcaption>
        <h3 title={metric}>{metric}</h3>
        <div className="chart-tools">
          {zoomed && (
            <button type="button" className="quiet" onClick={() => onWindow([null, null])}>
              Whole
            </button>
          )}
          <Files {...props} lines={lines} canvas={canvas} />
          {props.onFull && (
            <button
              type="button"
              className="quiet"
              onClick={props.onFull}
              aria-label={props.isFull ? `Close ${metric}` : `Show ${metric} large`}
              title={props.isFull ? "Close (Esc)" : "Large"}
            >
              {props.isFull ? "✕" : "⤢"}
            </button>
          )}
        </div>
      </figcaption>
      {found.error ? (
        <p className="chart-says" role="alert">
          {found.error.message}{" "}
          <button type="button" className="button" onClick={() => found.refetch()}>
            Try again
          </button>
        </p>
      ) : found.data && points === 0 ? (
        <p className="chart-says" style={{ height }}>
          {emptyText(view, zoomed)}
        </p>
      ) : found.data ? (
        <Plot
          lines={lines}
          axis={view.axis}
          axisLabel={axisLabel(view)}
          window={view.window}
          onWindow={onWindow}
          band={view.band}
          logX={view.logX && view.axis !== "time"}
          logY={view.logY}
          height={height}
          label={spoken(metric, lines)}
          sync={props.sync}
          chosen={props.chosen ?? null}
          onReady={(made) => {
            canvas.current = made;
          }}
        />
      ) : (
        <div className="chart-waits" style={{ height }} />
      )}
    </figure>
  );
}

interface FilesProps extends ChartProps {
  lines: readonly Line[];
  canvas: React.RefObject<HTMLCanvasElement | null>;
}

/** The chart as a file. CSV holds as many points as one answer can, not only those drawn. */
function Files({ metric, runs, view, lines, groupOf, canvas }: FilesProps) {
  const [failed, setFailed] = useState("");
  const menu = useRef<HTMLDetailsElement>(null);
  const drawing = { ...view, lines, title: metric, axisLabel: axisLabel(view) };
  const kinds = {
    PNG: async () => {
      if (canvas.current) save(`${metric}.png`, await toPng(canvas.current, metric));
    },
    SVG: async () => save(`${metric}.svg`, new Blob([toSvg(drawing)], { type: "image/svg+xml" })),
    CSV: async () => {
      const ids = runs.map((run) => run.id);
      const all = linesOf(await fetchSeries(ids, [metric], view, POINTS_MAX), runs);
      const text = toCsv(together(all, groupOf), axisLabel(view));
      save(`${metric}.csv`, new Blob([text], { type: "text/csv" }));
    },
  };
  const give = async (make: () => Promise<void>) => {
    setFailed("");
    menu.current?.removeAttribute("open");
    await make().catch((error: Error) => setFailed(error.message));
  };
  return (
    <details className="chart-files" ref={menu}>
      <summary className="quiet" aria-label={`Save ${metric}`} title="Save">
        ⤓
      </summary>
      <div className="chart-files-list">
        {Object.entries(kinds).map(([name, make]) => (
          <button type="button" key={name} onClick={() => give(make)}>
            {name}
          </button>
        ))}
      </div>
      {failed && <span role="alert">{failed}</span>}
    </details>
  );
}

/** Return a line for each group, or each line where there are none. */
function together(lines: Line[], groupOf: ChartProps["groupOf"]): Line[] {
  if (!groupOf) return lines;
  return grouped(lines, (line) => groupOf(line.run), groupColor(lines, groupOf));
}

function groupColor(lines: readonly Line[], groupOf: (run: string) => string) {
  return (name: string) => lines.find((line) => groupOf(line.run) === name)?.color ?? "gray";
}

function emptyText(view: ChartView, zoomed: boolean): string {
  if (zoomed) return "Nothing was logged in this part. Choose “Whole” to see all.";
  if (view.axis === "metric") return `No step has both this and ${view.xMetric}.`;
  return "Nothing was logged.";
}

function spoken(metric: string, lines: readonly Line[]): string {
  const told = lines.slice(0, 5).map((line) => {
    const last = line.value[line.value.length - 1];
    return `${line.label} ends at ${numberText(last)} after ${line.count} points`;
  });
  const more = lines.length > 5 ? `, and ${lines.length - 5} more` : "";
  return `Chart of ${metric}: ${told.join(", ")}${more}. Plus and minus zoom, arrows move, 0 shows all.`;
}
