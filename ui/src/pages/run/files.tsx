/** What the run read, wrote and saved, with a look into each file. */

import { useMemo } from "react";

import { type FileKind, type Run } from "./data";
import { Preview } from "./preview";
import { WhyLink } from "../../parts/why-link";
import { Rows } from "./rows";
import type { TabProps } from "./run-page";
import { bytesText, plural } from "./words";

const ROW_PX = 28;
const KINDS = { input: "Read", output: "Wrote", saved: "Saved" } as const;

interface Listed {
  kind: keyof typeof KINDS;
  path: string;
  size_bytes: number;
  kept: boolean;
  /** What is worth knowing of it, such as the line of code that opened it. */
  about: string;
}

export default function Files({ run, search, setSearch }: TabProps) {
  const all = useMemo(() => listed(run), [run]);
  const find = (search.find ?? "").toLowerCase();
  const only = search.kind;
  const files = all.filter(
    (one) => (!only || one.kind === only) && one.path.toLowerCase().includes(find),
  );
  const open = files.find((one) => one.path === search.path) ?? files[0];
  if (!all.length) {
    return (
      <p className="empty">
        {run.kind === "command"
          ? "No file that the command read or wrote was seen."
          : "Nothing was saved. A script keeps a file with afield.save(path)."}
      </p>
    );
  }
  return (
    <>
      <div className="bar">
        <input
          type="search"
          placeholder="Find a file"
          aria-label="Find a file"
          value={search.find ?? ""}
          onChange={(event) =>
            setSearch({ find: event.target.value || undefined }, { replace: true })
          }
        />
        <div className="choice" role="group" aria-label="Kind of file">
          {[undefined, ...(Object.keys(KINDS) as Listed["kind"][])].map((kind) => (
            <button
              type="button"
              className="button"
              key={kind ?? "all"}
              aria-pressed={only === kind}
              onClick={() => setSearch({ kind }, { replace: true })}
            >
              {kind ? KINDS[kind] : "All"}{" "}
              <span className="count">
                {kind ? all.filter((one) => one.kind === kind).length : all.length}
              </span>
            </button>
          ))}
        </div>
        {!run.capture.inputs_complete && run.kind === "command" && (
          <span className="faint">what other programs read was not seen</span>
        )}
      </div>
      <div className="split">
        <div className="split-list">
          <Rows
            label="Files"
            count={files.length}
            rowPx={ROW_PX}
            render={(index) => {
              const file = files[index];
              if (!file) return null;
              return (
                <button
                  type="button"
                  className="file"
                  aria-current={file === open}
                  title={file.path}
                  onClick={() => setSearch({ path: file.path, kind: file.kind }, { replace: true })}
                >
                  <span className={`file-how file-${file.kind}`}>{KINDS[file.kind]}</span>
                  <span className="file-path">{file.path}</span>
                  <span className="faint">{bytesText(file.size_bytes)}</span>
                </button>
              );
            }}
          />
        </div>
        <div className="split-shown">
          {open ? <Opened run={run} file={open} /> : <p className="empty">No file fits.</p>}
        </div>
      </div>
    </>
  );
}

function Opened({ run, file }: { run: Run; file: Listed }) {
  return (
    <>
      <p className="bar">
        <WhyLink what={`run:${run.id}:${file.path}`} name={file.path} isButton />
        {file.about && <span className="faint">{file.about}</span>}
      </p>
      {file.path.endsWith("/") ? (
        <p className="empty">A folder of very many files, recorded as one.</p>
      ) : (
        <Preview run={run.id} kind={file.kind as FileKind} path={file.path} />
      )}
    </>
  );
}

function listed(run: Run): Listed[] {
  const recorded = (kind: "input" | "output") => (one: Run["inputs"][number]) => ({
    kind,
    path: one.path,
    size_bytes: one.size_bytes,
    kept: one.kept,
    about: [
      one.where && `first opened in ${one.where}`,
      one.changed && "changed during the run",
      one.note,
      one.folder && `${plural(one.folder.files, "file")}`,
    ]
      .filter(Boolean)
      .join("; "),
  });
  return [
    ...run.outputs.map(recorded("output")),
    ...run.saved.map((one) => ({ ...one, kind: "saved" as const, kept: true, about: "" })),
    ...run.inputs.map(recorded("input")),
  ];
}
