/** The first rows of a table of the version. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { api, told } from "../../api";
import { countText, numberText } from "../../api/words";
import { ErrorNote } from "../../parts/error-note";
import type { PartProps } from "./page";

const ROWS = 100;
const TABULAR = /\.(csv|tsv|parquet|arrow|feather|ipc|jsonl|ndjson)(\.gz)?$/i;

export default function Rows({ one, search, setSearch }: PartProps) {
  const files = one.files.filter((file) => TABULAR.test(file.path)).map((file) => file.path);
  const path = files.find((name) => name === search.path) ?? files[0] ?? "";
  const found = useQuery({
    queryKey: ["dataset", one.version.label, "rows", path],
    queryFn: ({ signal }) =>
      told(
        api.GET("/datasets/{version}/rows", {
          params: { path: { version: one.version.label }, query: { path, limit: ROWS } },
          signal,
        }),
      ),
    enabled: path !== "",
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
  return (
    <>
      {files.length > 1 && (
        <div className="bar">
          <label>
            File{" "}
            <select
              value={path}
              onChange={(event) => setSearch({ path: event.target.value }, { replace: true })}
            >
              {files.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          {found.data && (
            <span className="faint">the first {countText(found.data.rows.length, "row")}</span>
          )}
        </div>
      )}
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : found.data ? (
        <div className="data-rows" tabIndex={0} role="region" aria-label={`Rows of ${path}`}>
          <table className="list">
            <thead>
              <tr>
                <th scope="col" className="number faint">
                  #
                </th>
                {found.data.columns.map((name, index) => (
                  <th scope="col" key={`${index}${name}`} title={found.data.types[index]}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {found.data.rows.map((row, number) => (
                <tr key={number}>
                  <td className="number faint">{number}</td>
                  {row.map((value, index) => (
                    <td key={index} className={typeof value === "number" ? "number" : "list-words"}>
                      {said(value)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <div aria-busy="true" />
      )}
    </>
  );
}

function said(value: unknown): React.ReactNode {
  if (value === null || value === undefined) return <span className="faint">–</span>;
  if (typeof value === "number") return numberText(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
