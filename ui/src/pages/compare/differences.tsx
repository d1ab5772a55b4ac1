/** A table of what is not the same in all runs: a column for each run, measured by the first. */

import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { countText, numberText } from "../../api/words";
import { Empty } from "../../parts/empty";
import { differs, METRICS_MAX, metricsNamed, type Row, type Scalar } from "./data";
import type { PartProps } from "./page";

const ROWS_AT_FIRST = 200;

interface Line {
  name: string;
  values: readonly (Scalar | undefined)[];
}

export default function Differences({ compared, shown, search, setSearch }: PartProps) {
  const { runs } = compared;
  const parts: [string, Line[]][] = [
    ["Facts", factsOf(runs, compared.differ.facts)],
    ["Tags", linesOf(compared.differ.tags)],
    ["Params", linesOf(search.same ? everyParam(runs) : compared.differ.params)],
    ["Metrics", linesOf(compared.differ.metrics)],
  ];
  const find = (search.find ?? "").toLowerCase();
  const found = parts.map(([title, lines]): [string, Line[]] => [
    title,
    lines.filter(
      (line) => line.name.toLowerCase().includes(find) && (search.same || differs(line.values)),
    ),
  ]);
  const named = metricsNamed(Object.keys(compared.metrics), find).length;
  const equal = Object.keys(compared.same).length;
  return (
    <>
      <div className="bar">
        <input
          type="search"
          aria-label="Find a param, metric or tag"
          placeholder="Find a name"
          value={search.find ?? ""}
          onChange={(event) =>
            setSearch({ find: event.target.value || undefined, part: undefined }, { replace: true })
          }
        />
        <label>
          <input
            type="checkbox"
            checked={search.same ?? false}
            onChange={(event) =>
              setSearch({ same: event.target.checked || undefined }, { replace: true })
            }
          />
          Show what is equal ({countText(equal, "param")})
        </label>
      </div>
      {found.every(([, lines]) => lines.length === 0) ? (
        <Empty
          title={
            find ? `No name holds “${find}”.` : "These runs differ in nothing that is told here."
          }
        >
          <p>“Two in detail” compares their code, environment and files.</p>
        </Empty>
      ) : (
        <div className="compare-scroll" tabIndex={0} role="region" aria-label="What differs">
          <table className="compare-table">
            <thead>
              <tr>
                <th scope="col">
                  <span className="unseen">Name</span>
                </th>
                {shown.map((run, index) => (
                  <th scope="col" key={run.id}>
                    <span className="swatch" style={{ background: run.color }} aria-hidden="true" />
                    <Link to="/runs/$run" params={{ run: run.id }}>
                      {run.label}
                    </Link>
                    {index === 0 && shown.length > 1 && <small className="faint"> baseline</small>}
                  </th>
                ))}
              </tr>
            </thead>
            {found.map(([title, lines]) => (
              <Part
                key={title}
                title={title}
                lines={lines}
                count={runs.length}
                isMeasured={title === "Metrics"}
              />
            ))}
          </table>
        </div>
      )}
      {named > METRICS_MAX && (
        <Parts
          part={search.part ?? 0}
          count={named}
          shown={found.at(-1)?.[1].length ?? 0}
          onPart={(part) => setSearch({ part: part || undefined })}
        />
      )}
    </>
  );
}

interface PartsProps {
  part: number;
  /** How many metrics there are in all. */
  count: number;
  /** How many of this part stand in the table. */
  shown: number;
  onPart: (part: number) => void;
}

/** Leads through more metrics than are told at once. */
function Parts({ part, count, shown, onPart }: PartsProps) {
  const first = part * METRICS_MAX;
  const last = Math.min(count, first + METRICS_MAX);
  return (
    <nav className="bar compare-parts" aria-label="Parts of the metrics">
      <button
        type="button"
        className="button"
        disabled={part === 0}
        onClick={() => onPart(part - 1)}
      >
        Before
      </button>
      <span className="number">
        Metrics {(first + 1).toLocaleString("en")} to {last.toLocaleString("en")} of{" "}
        {count.toLocaleString("en")}
        {shown === 0 && ": alike in all of these runs"}
      </span>
      <button
        type="button"
        className="button"
        disabled={last >= count}
        onClick={() => onPart(part + 1)}
      >
        Next
      </button>
      <span className="faint">A name is found among all of them.</span>
    </nav>
  );
}

interface PartTableProps {
  title: string;
  lines: Line[];
  count: number;
  isMeasured: boolean;
}

function Part({ title, lines, count, isMeasured }: PartTableProps) {
  const [all, setAll] = useState(false);
  if (!lines.length) return null;
  const shown = all ? lines : lines.slice(0, ROWS_AT_FIRST);
  return (
    <tbody>
      <tr className="compare-part">
        <th scope="rowgroup" colSpan={count + 1}>
          {title} <span className="count">{lines.length.toLocaleString("en")}</span>
        </th>
      </tr>
      {shown.map((line) => (
        <tr key={line.name}>
          <th scope="row" title={line.name}>
            {line.name}
          </th>
          {line.values.map((value, index) => (
            <Cell
              key={index}
              value={value}
              base={isMeasured && index > 0 ? line.values[0] : undefined}
            />
          ))}
        </tr>
      ))}
      {shown.length < lines.length && (
        <tr>
          <td colSpan={count + 1}>
            <button type="button" className="button" onClick={() => setAll(true)}>
              Show all {lines.length.toLocaleString("en")}
            </button>
          </td>
        </tr>
      )}
    </tbody>
  );
}

/** A value; of a metric also how far it is from the first run's. */
function Cell({ value, base }: { value: Scalar | undefined; base: Scalar | undefined }) {
  if (value === null || value === undefined) return <td className="faint">–</td>;
  if (typeof value !== "number") {
    return <td title={String(value)}>{String(value)}</td>;
  }
  const far = typeof base === "number" ? value - base : null;
  return (
    <td className="number" title={String(value)}>
      {numberText(value)}
      {far !== null && far !== 0 && (
        <small className="faint">
          {" "}
          {far > 0 ? "+" : "−"}
          {numberText(Math.abs(far))}
        </small>
      )}
    </td>
  );
}

function linesOf(differ: Record<string, readonly (Scalar | undefined)[]>): Line[] {
  return Object.entries(differ).map(([name, values]) => ({ name, values }));
}

function everyParam(runs: readonly Row[]): Record<string, (Scalar | undefined)[]> {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.params)))];
  return Object.fromEntries(names.map((name) => [name, runs.map((run) => run.params[name])]));
}

function factsOf(runs: readonly Row[], differ: Record<string, Scalar[]>): Line[] {
  const known: Line[] = [
    { name: "took (s)", values: runs.map((run) => run.duration_s) },
    { name: "verdict", values: runs.map((run) => run.verdict) },
  ];
  return [
    ...linesOf(differ),
    ...known.filter((line) => line.values.some((value) => value !== null)),
  ];
}
