/** Parallel coordinates: an axis for each param that  and one for the result. */

import { useNavigate } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";

import { numberText } from "../../api/words";
import { Empty } from "../../parts/empty";
import { ChooseColumn } from "./axis";
import { type Column, columnsOf, firstMetric, varies } from "./data";
import type { PartProps } from "./page";
import { scaleOf, wantsLog } from "./scale";
import { useWidth } from "./width";

const AXES_MAX = 14;
const HEIGHT = 420;
const TOP = 34;
const BOTTOM = 26;
const SIDE = 60;
const STEP_MIN = 110;

type Brush = readonly [number, number];

export default function Parallel({ compared, shown, search, setSearch }: PartProps) {
  const navigate = useNavigate();
  const [box, room] = useWidth<HTMLDivElement>();
  const [brushes, setBrushes] = useState<Record<string, Brush>>({});
  const [over, setOver] = useState<string | null>(null);
  const columns = useMemo(() => columnsOf(compared), [compared]);
  const metric = `metrics.${search.metric ?? firstMetric(compared.metrics)}`;
  const result = columns.find((one) => one.key === metric);
  const params = columns.filter((one) => one.key.startsWith("params.") && varies(one.values));
  const axes = [...params.slice(0, AXES_MAX - 1), ...(result ? [result] : [])].map((column) => ({
    column,
    scale: scaleOf(column, wantsLog(column)),
  }));
  if (axes.length < 2)
    return <Empty title="These runs differ in no param: there is nothing to lay side by side." />;
  const step = Math.max(STEP_MIN, (room - SIDE * 2) / (axes.length - 1));
  const width = SIDE * 2 + step * (axes.length - 1);
  const placeX = (index: number) => SIDE + index * step;
  const placeY = (at: number) => HEIGHT - BOTTOM - at * (HEIGHT - TOP - BOTTOM);
  const last = axes[axes.length - 1];
  const isIn = (index: number) =>
    axes.every(({ column, scale }) => {
      const brush = brushes[column.key];
      const at = scale.at[index];
      return !brush || (at !== null && at !== undefined && at >= brush[0] && at <= brush[1]);
    });
  const kept = shown.filter((_, index) => isIn(index));
  return (
    <>
      <div className="bar">
        <ChooseColumn
          label="Result"
          columns={columns.filter((one) => one.key.startsWith("metrics.") && one.isNumeric)}
          value={metric}
          onValue={(key) => setSearch({ metric: key.slice("metrics.".length) }, { replace: true })}
        />
        <span className="faint">
          {Object.keys(brushes).length > 0
            ? `${kept.length} of ${shown.length} runs`
            : "Drag along an axis to choose a part of it."}
        </span>
        {Object.keys(brushes).length > 0 && (
          <>
            <button type="button" className="button" onClick={() => setBrushes({})}>
              Show all
            </button>
            <button
              type="button"
              className="button"
              disabled={!kept.length}
              onClick={() => setSearch({ runs: kept.map((run) => run.id).join(",") })}
            >
              Keep only these
            </button>
          </>
        )}
      </div>
      <div
        ref={box}
        className="compare-scroll"
        tabIndex={0}
        role="region"
        aria-label="Parallel coordinates"
      >
        <svg
          className="drawing"

          width={width}
          height={HEIGHT}
          role="group"
          aria-label="A line for each run"
        >
          {shown.map((run, index) => {
            const at = last?.scale.at[index];
            const path = lineOf(
              axes.map(({ scale }) => scale.at[index] ?? null),
              placeX,
              placeY,
            );
            if (!path) return null;
            const words = axes
              .map(({ column }) => `${column.name} ${said(column, index)}`)
              .join(", ");
            return (
              <path
                key={run.id}
                d={path}
                className={`drawing-line ${isIn(index) ? "" : "is-out"} ${over === run.id ? "is-over" : ""}`}
                style={{
                  stroke: `color-mix(in oklab, var(--chart-low), var(--chart-high) ${Math.round((at ?? 0) * 100)}%)`,
                }}
                role="link"
                tabIndex={isIn(index) ? 0 : -1}
                aria-label={`${run.label}: ${words}`}
                onMouseEnter={() => setOver(run.id)}
                onMouseLeave={() => setOver(null)}
                onFocus={() => setOver(run.id)}
                onBlur={() => setOver(null)}
                onClick={() => void navigate({ to: "/runs/$run", params: { run: run.id } })}
                onKeyDown={(event) =>
                  event.key === "Enter" &&
                  void navigate({ to: "/runs/$run", params: { run: run.id } })
                }
              >
                <title>{`${run.label}\n${words}`}</title>
              </path>
            );
          })}
          {axes.map(({ column, scale }, index) => (
            <g key={column.key} transform={`translate(${placeX(index)} 0)`}>
              <text y={16} textAnchor="middle" className="drawing-name">
                {column.name.length > 18 ? `${column.name.slice(0, 17)}…` : column.name}
                <title>{column.name}</title>
              </text>
              <line y1={TOP} y2={HEIGHT - BOTTOM} className="drawing-axis" />
              {scale.ticks.map((tick) => (
                <text key={tick.at} x={6} y={placeY(tick.at) + 4} className="drawing-tick">
                  {tick.text}
                </text>
              ))}
              <Brushing
                brush={brushes[column.key]}
                name={column.name}
                onBrush={(brush) => {
                  const rest = Object.entries(brushes).filter(([key]) => key !== column.key);
                  setBrushes(Object.fromEntries(brush ? [...rest, [column.key, brush]] : rest));
                }}
                placeY={placeY}
              />
            </g>
          ))}
        </svg>
      </div>
    </>
  );
}

interface BrushingProps {
  brush: Brush | undefined;
  name: string;
  onBrush: (brush: Brush | null) => void;
  placeY: (at: number) => number;
}

/** Where the pointer is dragged along an axis; a click takes the choice away. */
function Brushing({ brush, name, onBrush, placeY }: BrushingProps) {
  const from = useRef<number | null>(null);
  const area = useRef<SVGRectElement>(null);
  const at = (event: React.PointerEvent) => {
    const box = area.current?.getBoundingClientRect();
    if (!box) return 0;
    return Math.min(1, Math.max(0, 1 - (event.clientY - box.top) / box.height));
  };
  return (
    <>
      {brush && (
        <rect
          x={-7}
          width={14}
          y={placeY(brush[1])}
          height={Math.max(2, placeY(brush[0]) - placeY(brush[1]))}
          className="drawing-brush"
        />
      )}
      <rect
        ref={area}
        x={-10}
        width={20}
        y={TOP}
        height={HEIGHT - TOP - BOTTOM}
        className="drawing-grip"
        aria-label={`Choose a part of ${name}`}
        onPointerDown={(event) => {
          from.current = at(event);
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => {
          if (from.current === null) return;
          const now = at(event);
          if (Math.abs(now - from.current) > 0.01) {
            onBrush([Math.min(now, from.current), Math.max(now, from.current)]);
          }
        }}
        onPointerUp={(event) => {
          if (from.current !== null && Math.abs(at(event) - from.current) <= 0.01) onBrush(null);
          from.current = null;
        }}
      />
    </>
  );
}

function lineOf(
  places: readonly (number | null)[],
  placeX: (index: number) => number,
  placeY: (at: number) => number,
): string {
  let path = "";
  let isDown = false;
  places.forEach((at, index) => {
    if (at === null) isDown = false;
    else {
      path += `${isDown ? "L" : "M"}${placeX(index)} ${placeY(at).toFixed(1)}`;
      isDown = true;
    }
  });
  return path;
}

function said(column: Column, index: number): string {
  const value = column.values[index];
  return typeof value === "number" ? numberText(value) : String(value ?? "–");
}
