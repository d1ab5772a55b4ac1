/** The exact code of the run: its files, and how they differ from another run's. */

import { ErrorNote } from "../../parts/error-note";
import { useQuery } from "@tanstack/react-query";

import { api, told } from "../../api";
import { Against } from "./against";
import { type Run, useFiles } from "./data";
import { Diff } from "../../parts/diff";
import { Preview } from "./preview";
import { Rows } from "./rows";
import type { TabProps } from "./run-page";
import { bytesText, plural, short } from "./words";

const ROW_PX = 28;
const RELATED = {
  "~before": "the run before it",
  "~parent": "the run that it repeats or is part of",
  "~commit": "its commit, unchanged",
};

export default function Code(props: TabProps) {
  const { run, search, setSearch } = props;
  if (!run.code) return <p className="empty">The code of this run was not recorded.</p>;
  return (
    <>
      <div className="bar">
        <Against
          run={run}
          against={search.against}
          related={RELATED}
          onAgainst={(against) => setSearch({ against, path: undefined })}
        />
        <span className="faint">
          {plural(run.code.files, "file")}
          {run.git?.commit &&
            `, commit ${short(run.git.commit)}${run.git.dirty ? " and changes" : ""}`}
        </span>
      </div>
      {search.against ? <Changes {...props} against={search.against} /> : <Tree {...props} />}
      {run.code.not_kept.length > 0 && (
        <details>
          <summary>{plural(run.code.not_kept.length, "file")} not kept</summary>
          <ul>
            {run.code.not_kept.map((one) => (
              <li key={one.path}>
                <code>{one.path}</code> ({bytesText(one.size_bytes)}): {one.why}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Tree({ run, search, setSearch }: TabProps) {
  const found = useFiles(run.id, ["code"]);
  if (found.error) return <ErrorNote error={found.error} />;
  if (!found.data) return <div className="run-waits" aria-busy="true" />;
  const find = (search.find ?? "").toLowerCase();
  const files = found.data.files.filter((one) => one.path.toLowerCase().includes(find));
  const open = search.path ?? scriptOf(run, files) ?? files[0]?.path;
  return (
    <div className="split">
      <div className="split-list">
        <input
          type="search"
          placeholder="Find a file"
          aria-label="Find a file"
          value={search.find ?? ""}
          onChange={(event) =>
            setSearch({ find: event.target.value || undefined }, { replace: true })
          }
        />
        <Rows
          label="Files"
          count={files.length}
          rowPx={ROW_PX}
          show={files.findIndex((one) => one.path === open)}
          render={(index) => {
            const file = files[index];
            if (!file) return null;
            return (
              <button
                type="button"
                className="file"
                aria-current={file.path === open}
                title={file.path}
                onClick={() => setSearch({ path: file.path }, { replace: true })}
              >
                <span className="file-path">{file.path}</span>
                <span className="faint">{bytesText(file.size_bytes)}</span>
              </button>
            );
          }}
        />
      </div>
      <div className="split-shown">
        {open ? (
          <Preview run={run.id} kind="code" path={open} />
        ) : (
          <p className="empty">No file's name holds “{search.find}”.</p>
        )}
      </div>
    </div>
  );
}

/** Return the file that the command names first among the code. */
function scriptOf(run: Run, files: readonly { path: string }[]): string | undefined {
  const known = new Set(files.map((one) => one.path));
  const folder = run.folder && run.folder !== "." ? `${run.folder}/` : "";
  return run.argv.map((one) => folder + one.replace(/^\.\//, "")).find((one) => known.has(one));
}

function Changes({ run, search, setSearch, against }: TabProps & { against: string }) {
  const { path } = search;
  const whole = useQuery({
    queryKey: ["run", run.id, "code", against],
    queryFn: ({ signal }) =>
      told(
        api.GET("/runs/{run}/code/diff", {
          params: { path: { run: run.id }, query: { against } },
          signal,
        }),
      ),
  });
  const files = whole.data?.files ?? [];
  const open = path ?? files[0]?.path;
  const lines = useQuery({
    queryKey: ["run", run.id, "code", against, open],
    queryFn: ({ signal }) =>
      told(
        api.GET("/runs/{run}/code/diff", {
          params: { path: { run: run.id }, query: { against, path: open as string } },
          signal,
        }),
      ),
    enabled: open !== undefined,
  });
  if (whole.error) return <ErrorNote error={whole.error} />;
  if (!whole.data) return <div className="run-waits" aria-busy="true" />;
  if (!files.length) {
    return (
      <p className="empty">
        The code is the same as in <a href={`/runs/${whole.data.a}`}>{whole.data.a}</a>.
      </p>
    );
  }
  return (
    <div className="split">
      <div className="split-list">
        <p className="faint">
          against <a href={`/runs/${whole.data.a}`}>{whole.data.a}</a>:{" "}
          {plural(files.length, "file")} differ, {whole.data.same.toLocaleString("en")} do not
        </p>
        <Rows
          label="Files that differ"
          count={files.length}
          rowPx={ROW_PX}
          render={(index) => {
            const file = files[index];
            if (!file) return null;
            return (
              <button
                type="button"
                className="file"
                aria-current={file.path === open}
                title={file.path}
                onClick={() => setSearch({ path: file.path }, { replace: true })}
              >
                <span className={`file-how file-${file.how}`} title={file.how}>
                  {{ added: "+", removed: "−", changed: "~" }[file.how]}
                </span>
                <span className="file-path">{file.path}</span>
              </button>
            );
          }}
        />
      </div>
      <div className="split-shown">
        <h2 className="file-title">{open}</h2>
        {lines.error && <ErrorNote error={lines.error} />}
        {lines.data && <Diff lines={lines.data.lines ?? []} label={`How ${open} differs`} />}
      </div>
    </div>
  );
}
