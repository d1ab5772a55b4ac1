/**
 * What a file holds, as far as it can be shown. Pictures come from the file's own address; HTML
 * only in a frame without scripts; all else is text.
 */

import { ErrorNote } from "../../parts/error-note";
import type { components } from "../../api/schema";
import { type FileKind, fileUrl, usePreview } from "./data";
import { bytesText } from "./words";

type Found = components["schemas"]["Preview"];
type Cell = components["schemas"]["Cell"];

interface Props {
  run: string;
  kind: FileKind;
  path: string;
}

export function Preview({ run, kind, path }: Props) {
  const found = usePreview(run, kind, path);
  const kept = found.data?.digest != null;
  return (
    <section className="preview" aria-busy={found.isPending}>
      <header>
        <h2 className="file-title" title={path}>
          {path}
        </h2>
        {found.data && <span className="faint">{bytesText(found.data.size_bytes)}</span>}
        {kept && (
          <a className="button" href={fileUrl(run, kind, path)} download={path.split("/").at(-1)}>
            Save
          </a>
        )}
      </header>
      {found.error && <ErrorNote error={found.error} />}
      {found.data && <Shown run={run} kind={kind} found={found.data} />}
    </section>
  );
}

function Shown({ run, kind, found }: { run: string; kind: FileKind; found: Found }) {
  const { path, text } = found;
  switch (found.shown) {
    case "image":
      return <img className="preview-image" src={fileUrl(run, kind, path, true)} alt={path} />;
    case "page":
      return (
        <iframe
          className="preview-page"
          sandbox=""
          title={path}
          src={fileUrl(run, kind, path, true)}
        />
      );
    case "table":
      return <Table found={found} />;
    case "notebook":
      return (
        <div className="notebook">
          {(found.cells ?? []).map((cell, index) => (
            <NotebookCell key={index} cell={cell} />
          ))}
        </div>
      );
    case "text":
    case "json":
      return (
        <>
          <Text text={text ?? ""} />
          {found.cut && <p className="faint">Only the beginning is shown. Save it to see all.</p>}
        </>
      );
    default:
      return <p className="empty">{found.why ?? "Nothing can be shown of this file."}</p>;
  }
}

function Text({ text }: { text: string }) {
  const lines = text.replace(/\n$/, "").split("\n");
  return (
    <div className="source scroll" tabIndex={0} role="region" aria-label="Text">
      <pre className="source-numbers" aria-hidden>
        {lines.map((_, index) => index + 1).join("\n")}
      </pre>
      <pre className="source-text">
        <code>{text}</code>
      </pre>
    </div>
  );
}

function Table({ found }: { found: Found }) {
  const table = found.table;
  if (!table) return null;
  return (
    <>
      <div className="scroll" tabIndex={0} role="region" aria-label="Table">
        <table className="values">
          <thead>
            <tr>
              {table.columns.map((name, index) => (
                <th key={name} title={table.types[index]}>
                  {name} <span className="faint">{table.types[index]}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row, index) => (
              <tr key={index}>
                {row.map((value, column) => (
                  <td
                    key={table.columns[column]}
                    className={typeof value === "number" ? "number" : undefined}
                  >
                    {value === null ? <em>null</em> : String(value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="faint">The first {table.rows.length} rows.</p>
    </>
  );
}

function NotebookCell({ cell }: { cell: Cell }) {
  return (
    <div className={`cell cell-${cell.kind}`}>
      <span className="cell-number" aria-hidden>
        {cell.kind === "code" ? `[${cell.number ?? " "}]` : ""}
      </span>
      <div className="cell-parts">
        <pre className="cell-source">{cell.source}</pre>
        {cell.outputs.map(({ kind, data }, index) => {
          if (kind.startsWith("image/"))
            return <img key={index} src={`data:${kind};base64,${data}`} alt="output" />;
          if (kind === "left out") {
            return (
              <p key={index} className="faint">
                ({data} is not shown)
              </p>
            );
          }
          return (
            <pre key={index} className={`cell-${kind}`}>
              {data}
            </pre>
          );
        })}
      </div>
    </div>
  );
}
