/** What changed from another version: files, rows, and columns by their statistics. */

import { useQuery } from "@tanstack/react-query";

import { api, told } from "../../api";
import { countText, numberText } from "../../api/words";
import type { components } from "../../api/schema";
import { Badge } from "../../parts/badge";
import { Command } from "../../parts/code";
import { ErrorNote } from "../../parts/error-note";
import type { PartProps } from "./page";

type Table = components["schemas"]["TableChange"];
type Files = components["schemas"]["FileChanges"];

interface Statistics {
  type?: string;
  nulls?: number;
  distinct?: number | null;
  min?: unknown;
  max?: unknown;
  mean?: number | null;
}

const SHOWN_MAX = 200;

export default function Changes({ one, search, setSearch }: PartProps) {
  const own = one.version.version;
  const others = one.versions.filter((number) => number !== own);
  const before = [...others].reverse().find((number) => number < own) ?? others[0] ?? own;
  const against = others.find((number) => number === search.against) ?? before;
  const label = `${one.version.name}@${against}`;
  const found = useQuery({
    queryKey: ["dataset", "diff", label, one.version.label],
    queryFn: ({ signal }) =>
      told(
        api.GET("/datasets/{version}/diff/{other}", {
          params: { path: { version: label, other: one.version.label } },
          signal,
        }),
      ),
    staleTime: Infinity,
  });
  return (
    <>
      <div className="bar">
        <label>
          Since version{" "}
          <select
            value={against}
            onChange={(event) =>
              setSearch({ against: Number(event.target.value) }, { replace: true })
            }
          >
            {[...others].reverse().map((number) => (
              <option key={number} value={number}>
                @{number}
              </option>
            ))}
          </select>
        </label>
        <Command text={`afield data diff ${label} ${one.version.label}`} />
      </div>
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : !found.data ? (
        <p aria-busy="true" className="faint">
          Comparing rows …
        </p>
      ) : found.data.equal ? (
        <p>Both hold the same, byte for byte.</p>
      ) : (
        <>
          <FileList files={found.data.files} />
          {found.data.tables.map((table) => (
            <TablePart key={table.path} table={table} />
          ))}
          {found.data.not_compared.length > 0 && (
            <section>
              <h2>Not compared by rows</h2>
              <ul>
                {found.data.not_compared.map((file) => (
                  <li key={file.path}>
                    <code>{file.path}</code>: {file.why}
                  </li>
                ))}
              </ul>
            </section>
          )}
        </>
      )}
    </>
  );
}

function FileList({ files }: { files: Files }) {
  const rows: [string, "good" | "bad" | "warn" | "info", string][] = [
    ...files.added.map((one): [string, "good", string] => [one.path, "good", "added"]),
    ...files.removed.map((one): [string, "bad", string] => [one.path, "bad", "removed"]),
    ...files.changed.map((one): [string, "warn", string] => [one.path, "warn", "changed"]),
    ...files.renamed.map((one): [string, "info", string] => [
      `${one.before} → ${one.after}`,
      "info",
      "renamed",
    ]),
  ];
  return (
    <section>
      <h2>
        Files <span className="count">{rows.length.toLocaleString("en")}</span>{" "}
        <span className="faint">{files.same.toLocaleString("en")} the same</span>
      </h2>
      <ul className="data-changes">
        {rows.slice(0, SHOWN_MAX).map(([path, tone, how]) => (
          <li key={`${how}${path}`}>
            <Badge tone={tone}>{how}</Badge> <code>{path}</code>
          </li>
        ))}
        {rows.length > SHOWN_MAX && <li className="faint">and {rows.length - SHOWN_MAX} more</li>}
      </ul>
    </section>
  );
}

function TablePart({ table }: { table: Table }) {
  const { rows } = table;
  const told: [string, number | null][] = [
    ["added", rows.added],
    ["removed", rows.removed],
    ["changed", rows.changed],
    ["the same", rows.same],
  ];
  const columns = table.columns.filter((column) => column.cells_changed !== 0);
  return (
    <section className="data-table">
      <h2>
        {table.path}{" "}
        <span className="faint">
          rows by {table.by === "key" ? `key ${table.key.join(", ")}` : table.by}
        </span>
      </h2>
      <p className="data-facts">
        <span>
          {countText(rows.before ?? 0, "row")} before, {(rows.after ?? 0).toLocaleString("en")}{" "}
          after
        </span>
        {told.map(
          ([word, count]) =>
            count !== null && (
              <span key={word}>
                <b className="number">{count.toLocaleString("en")}</b> {word}
              </span>
            ),
        )}
      </p>
      {columns.length > 0 && (
        <div className="scroll">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">Column</th>
                <th scope="col" className="number">
                  Cells changed
                </th>
                <th scope="col">Type</th>
                <th scope="col">Missing</th>
                <th scope="col">Distinct</th>
                <th scope="col">Least</th>
                <th scope="col">Greatest</th>
                <th scope="col">Mean</th>
              </tr>
            </thead>
            <tbody>
              {columns.slice(0, SHOWN_MAX).map((column) => {
                const [a, b] = [column.before, column.after] as (Statistics | null | undefined)[];
                return (
                  <tr key={column.name}>
                    <th scope="row">
                      {column.name} {!a && <Badge tone="good">new</Badge>}{" "}
                      {!b && <Badge tone="bad">gone</Badge>}
                    </th>
                    <td className="number">{column.cells_changed?.toLocaleString("en") ?? "–"}</td>
                    {(["type", "nulls", "distinct", "min", "max", "mean"] as const).map((name) => (
                      <td key={name}>
                        <Moved before={a?.[name]} after={b?.[name]} />
                      </td>
                    ))}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Moved({ before, after }: { before: unknown; after: unknown }) {
  if (said(before) === said(after)) return <span className="faint">{said(after)}</span>;
  return (
    <span className="data-moved">
      <del>{said(before)}</del> <ins>{said(after)}</ins>
    </span>
  );
}

function said(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" ? numberText(value) : String(value as string);
}
