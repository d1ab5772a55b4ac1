/** The columns of a version's tables: types, gaps, ranges, and how the values are spread. */

import { useQuery } from "@tanstack/react-query";

import { api, told } from "../../api";
import { numberText } from "../../api/words";
import type { components } from "../../api/schema";
import { Empty } from "../../parts/empty";
import type { PartProps } from "./page";
import { type Histogram, Spread } from "./spread";

type Column = components["schemas"]["ColumnShape"];

const SHOWN_MAX = 500;

export default function Columns({ one, search, setSearch }: PartProps) {
  const tables = one.statistics?.tables ?? [];
  const find = (search.find ?? "").toLowerCase();
  const spreads = useQuery({
    queryKey: ["dataset", one.version.label, "histograms"],
    queryFn: ({ signal }) =>
      told(
        api.GET("/datasets/{version}/histograms", {
          params: { path: { version: one.version.label } },
          signal,
        }),
      ),
    staleTime: Infinity,
  });
  const histogramsOf = (path: string) => {
    const found = spreads.data?.tables.find((table) => table.path === path)?.columns ?? [];
    return new Map(found.map((column) => [column.name, column]));
  };
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
        const histograms = histogramsOf(table.path);
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
                      <ColumnRow
                        key={column.name}
                        column={column}
                        histogram={histograms.get(column.name)}
                      />
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

interface RowProps {
  column: Column;
  histogram: Histogram | undefined;
}

function ColumnRow({ column, histogram }: RowProps) {
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
        <Spread column={column} histogram={histogram} />
      </td>
      <td className="number list-words">{said(column.min)}</td>
      <td className="number">{numberText(column.quantiles?.p50 ?? null)}</td>
      <td className="number list-words">{said(column.max)}</td>
      <td className="number">{numberText(column.mean)}</td>
    </tr>
  );
}

function said(value: Column["min"]): string {
  return typeof value === "number" ? numberText(value) : value === null ? "–" : String(value);
}
