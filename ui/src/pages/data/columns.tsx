/** The columns of a version's tables: types, gaps, ranges, and how the values are spread. */

import { numberText } from "../../api/words";
import type { components } from "../../api/schema";
import { Empty } from "../../parts/empty";
import type { PartProps } from "./page";

type Column = components["schemas"]["ColumnShape"];

const SHOWN_MAX = 500;
const WIDTH = 150;
const HEIGHT = 34;

export default function Columns({ one, search, setSearch }: PartProps) {
  const tables = one.statistics?.tables ?? [];
  const find = (search.find ?? "").toLowerCase();
  return (
    <>
      <div className="bar">
        <input
          type="search"
          aria-label="Find a column"
          placeholder="Find a column"
          value={search.find ?? ""}
          onChange={(event) =>
            setSearch({ find: event.target.value || undefined }, { replace: true })
          }
        />
      </div>
      {tables.map((table) => {
        const columns = table.columns.filter((column) => column.name.toLowerCase().includes(find));
        return (
          <section key={table.path} className="data-table">
            <h2>
              {table.path}
              {table.files > 1 && ` and ${table.files - 1} more`}{" "}
              <span className="count">{table.rows.toLocaleString("en")} rows</span>
            </h2>
            {columns.length === 0 ? (
              <Empty title={`No column's name holds “${search.find ?? ""}”.`} />
            ) : (
              <div className="scroll">
                <table className="list">
                  <thead>
                    <tr>
                      <th scope="col">Column</th>
                      <th scope="col">Type</th>
                      <th scope="col" className="number">
                        Missing
                      </th>
                      <th scope="col" className="number">
                        Distinct
                      </th>
                      <th scope="col">Spread</th>
                      <th scope="col" className="number">
                        Least
                      </th>
                      <th scope="col" className="number">
                        Median
                      </th>
                      <th scope="col" className="number">
                        Greatest
                      </th>
                      <th scope="col" className="number">
                        Mean
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {columns.slice(0, SHOWN_MAX).map((column) => (
                      <ColumnRow key={column.name} column={column} />
                    ))}
                  </tbody>
                </table>
              </div>
            )}
            {columns.length > SHOWN_MAX && (
              <p className="faint">
                {(columns.length - SHOWN_MAX).toLocaleString("en")} more: find them by name.
              </p>
            )}
            {table.columns_not_read > 0 && (
              <p className="faint">{table.columns_not_read} columns were not read.</p>
            )}
          </section>
        );
      })}
    </>
  );
}

function ColumnRow({ column }: { column: Column }) {
  const gaps = column.nulls + column.nans;
  return (
    <tr>
      <th scope="row">{column.name}</th>
      <td className="faint">{column.type}</td>
      <td className="number">
        {gaps ? (
          `${numberText((100 * gaps) / Math.max(1, column.rows))} %`
        ) : (
          <span className="faint">0</span>
        )}
      </td>
      <td className="number">
        {column.distinct === null
          ? "–"
          : `${column.distinct_exact ? "" : "≈ "}${column.distinct.toLocaleString("en")}`}
      </td>
      <td>
        <Spread column={column} />
      </td>
      <td className="number list-words">{said(column.min)}</td>
      <td className="number">{numberText(column.quantiles?.p50 ?? null)}</td>
      <td className="number list-words">{said(column.max)}</td>
      <td className="number">{numberText(column.mean)}</td>
    </tr>
  );
}

const QUANTILES: [string, number][] = [
  ["p01", 0.01],
  ["p05", 0.05],
  ["p25", 0.25],
  ["p50", 0.5],
  ["p75", 0.75],
  ["p95", 0.95],
  ["p99", 0.99],
];

/**
 * How values are spread, from the quantiles that the profile keeps: between two of them a bar
 * whose area is the share of the values there; a line marks the median.
 */
function Spread({ column }: { column: Column }) {
  const { min, max, quantiles } = column;
  if (!quantiles || typeof min !== "number" || typeof max !== "number" || !(max > min)) return null;
  const edges: [number, number][] = [[min, 0]];
  for (const [name, share] of QUANTILES) {
    const value = quantiles[name];
    if (value != null && value >= min && value <= max) edges.push([value, share]);
  }
  edges.push([max, 1]);
  const bars = edges.slice(1).map(([to, upTo], index) => {
    const [from, before] = edges[index] as [number, number];
    return { from, to: Math.max(to, from), share: Math.max(0, upTo - before) };
  });
  // Many equal values make a bar of no width: it is drawn as wide as a hundredth of the range.
  const least = (max - min) / 100;
  const heights = bars.map((bar) => bar.share / Math.max(bar.to - bar.from, least));
  const top = Math.max(...heights);
  const x = (value: number) => ((value - min) / (max - min)) * WIDTH;
  const median = quantiles.p50;
  return (
    <svg className="spread" width={WIDTH} height={HEIGHT} role="img" aria-label={spoken(column)}>
      <title>{spoken(column)}</title>
      {bars.map((bar, index) => {
        const height = top > 0 ? Math.sqrt((heights[index] ?? 0) / top) * (HEIGHT - 2) : 0;
        return (
          <rect
            key={index}
            x={Math.min(x(bar.from), WIDTH - 1.5)}
            width={Math.max(1.5, x(bar.to) - x(bar.from) - 0.5)}
            y={HEIGHT - height}
            height={height}
          />
        );
      })}
      {median != null && <line x1={x(median)} x2={x(median)} y1={0} y2={HEIGHT} />}
    </svg>
  );
}

function spoken(column: Column): string {
  const told = QUANTILES.map(([name]) => `${name} ${numberText(column.quantiles?.[name] ?? null)}`);
  return `${column.name}: ${told.join(", ")}`;
}

function said(value: Column["min"]): string {
  return typeof value === "number" ? numberText(value) : value === null ? "–" : String(value);
}
