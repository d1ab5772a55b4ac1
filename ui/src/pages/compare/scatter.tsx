/** Each run as a dot: one value across, one up. */

import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import { numberText } from "../../api/words";
import { Empty } from "../../parts/empty";
import { ChooseColumn } from "./axis";
import { type Column, columnsOf, firstMetric, varies } from "./data";
import { Legend } from "./legend";
import type { PartProps } from "./page";
import { scaleOf, wantsLog } from "./scale";
import { useWidth } from "./width";

const HEIGHT = 430;
const LEFT = 76;
const BOTTOM = 46;
const TOP = 14;
const RIGHT = 20;

export default function Scatter({ compared, shown, search, setSearch }: PartProps) {
  const navigate = useNavigate();
  const [box, width] = useWidth<HTMLDivElement>();
  const [chosen, setChosen] = useState<string | null>(null);
  const columns = useMemo(() => columnsOf(compared), [compared]);
  const across =
    columnAt(columns, search.across) ?? columns.find((one) => one.isNumeric && varies(one.values));
  const up =
    columnAt(columns, search.up) ??
    columnAt(columns, `metrics.${firstMetric(compared.metrics)}`) ??
    across;
  if (!across || !up) return <Empty title="These runs have neither params nor metrics." />;
  const logs = search.log ?? `${wantsLog(across) ? "x" : ""}${wantsLog(up) ? "y" : ""}`;
  const [x, y] = [scaleOf(across, logs.includes("x")), scaleOf(up, logs.includes("y"))];
  const placeX = (at: number) => LEFT + at * (width - LEFT - RIGHT);
  const placeY = (at: number) => HEIGHT - BOTTOM - at * (HEIGHT - TOP - BOTTOM);
  const toggle = (letter: string) =>
    setSearch(
      { log: logs.includes(letter) ? logs.replace(letter, "") : logs + letter },
      { replace: true },
    );
  return (
    <>
      <div className="bar">
        <ChooseColumn
          label="Across"
          columns={columns}
          value={across.key}
          onValue={(key) => setSearch({ across: key }, { replace: true })}
        />
        <ChooseColumn
          label="Up"
          columns={columns}
          value={up.key}
          onValue={(key) => setSearch({ up: key }, { replace: true })}
        />
        {(["x", "y"] as const).map((letter) => (
          <label key={letter}>
            <input
              type="checkbox"
              checked={logs.includes(letter)}
              onChange={() => toggle(letter)}
            />
            Log {letter.toUpperCase()}
          </label>
        ))}
      </div>
      <div ref={box}>
        <svg
          className="drawing"
          width={width}
          height={HEIGHT}
          role="group"
          aria-label={`${up.name} against ${across.name}`}
        >
          {x.ticks.map((tick) => (
            <g key={`x${tick.at}`}>
              <line
                x1={placeX(tick.at)}
                x2={placeX(tick.at)}
                y1={TOP}
                y2={HEIGHT - BOTTOM}
                className="drawing-rule"
              />
              <text x={placeX(tick.at)} y={HEIGHT - BOTTOM + 18} textAnchor="middle">
                {tick.text}
              </text>
            </g>
          ))}
          {y.ticks.map((tick) => (
            <g key={`y${tick.at}`}>
              <line
                x1={LEFT}
                x2={width - RIGHT}
                y1={placeY(tick.at)}
                y2={placeY(tick.at)}
                className="drawing-rule"
              />
              <text x={LEFT - 8} y={placeY(tick.at) + 4} textAnchor="end">
                {tick.text}
              </text>
            </g>
          ))}
          <text
            x={(LEFT + width - RIGHT) / 2}
            y={HEIGHT - 6}
            textAnchor="middle"
            className="drawing-name"
          >
            {across.name}
          </text>
          <text
            transform={`translate(14 ${HEIGHT / 2}) rotate(-90)`}
            textAnchor="middle"
            className="drawing-name"
          >
            {up.name}
          </text>
          {shown.map((run, index) => {
            const [atX, atY] = [x.at[index], y.at[index]];
            if (atX === null || atX === undefined || atY === null || atY === undefined) return null;
            const words = `${run.label}: ${across.name} ${said(across, index)}, ${up.name} ${said(up, index)}`;
            return (
              <circle
                key={run.id}
                cx={placeX(atX)}
                cy={placeY(atY)}
                r={chosen === run.id ? 9 : 6}
                fill={run.color}
                className="drawing-dot"
                role="link"
                tabIndex={0}
                aria-label={words}
                onMouseEnter={() => setChosen(run.id)}
                onMouseLeave={() => setChosen(null)}
                onClick={() => void navigate({ to: "/runs/$run", params: { run: run.id } })}
                onKeyDown={(event) =>
                  event.key === "Enter" &&
                  void navigate({ to: "/runs/$run", params: { run: run.id } })
                }
              >
                <title>{words}</title>
              </circle>
            );
          })}
        </svg>
      </div>
      <Legend shown={shown} chosen={chosen} onChosen={setChosen} />
    </>
  );
}

function columnAt(columns: readonly Column[], key: string | undefined): Column | undefined {
  return columns.find((one) => one.key === key);
}

function said(column: Column, index: number): string {
  const value = column.values[index];
  return typeof value === "number" ? numberText(value) : String(value ?? "–");
}
