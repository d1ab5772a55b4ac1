/** What the run was, what came of it, and whether it can be repeated. */

import { numberText } from "../../api/words";
import type { Run } from "./data";
import { RUNNING } from "./data";
import { Code, Command as Typed } from "../../parts/code";
import { Logged } from "./logged";
import { Progress } from "./progress";
import type { TabProps } from "./run-page";
import type { SetSearch } from "./search";
import { Badge, Verdict } from "../../parts/badge";
import { WhyLink } from "../../parts/why-link";
import { bytesText, commandText, plural, secondsText, short, VERDICTS } from "./words";

const METRICS_SHOWN = 12;

export default function Overview({ run, setSearch }: TabProps) {
  return (
    <div className="run-overview">
      <div className="run-main">
        <Command run={run} />
        {run.failure && <Failure run={run} />}
        <Metrics run={run} setSearch={setSearch} />
        <Data run={run} />
        <Logged run={run} />
        {run.notes.length > 0 && (
          <section className="card">
            <h2>Notes</h2>
            {run.notes.slice(-3).map((note) => (
              <blockquote key={note.at}>
                <p>{note.text}</p>
                <footer>{note.by}</footer>
              </blockquote>
            ))}
          </section>
        )}
      </div>
      <aside className="run-side">
        {run.status === RUNNING ? (
          <Progress run={run} />
        ) : (
          <Reproducible run={run} setSearch={setSearch} />
        )}
        <Facts run={run} setSearch={setSearch} />
      </aside>
    </div>
  );
}

function Command({ run }: { run: Run }) {
  if (!run.argv.length) return null;
  const command = commandText(run.argv);
  return (
    <section className="card">
      <h2>Command</h2>
      <Code text={command} label="Command" />
      <p className="faint">
        in <code>{run.folder === "." ? run.root : `${run.root}/${run.folder}`}</code>
      </p>
    </section>
  );
}

function Failure({ run }: { run: Run }) {
  const failure = run.failure;
  if (!failure) return null;
  const { where, solved_by: solved } = failure;
  return (
    <section className="card card-bad">
      <h2>Why it failed</h2>
      <p>
        <strong>{failure.exception}</strong>
        {failure.message && `: ${failure.message}`}
      </p>
      {where && (
        <p>
          in <code>{`${where.file}:${where.line}`}</code>
          {where.function && ` (${where.function})`}
        </p>
      )}
      {failure.text && (
        <details>
          <summary>What it printed</summary>
          <pre className="scroll">{failure.text}</pre>
        </details>
      )}
      {failure.times_before > 0 && (
        <p>
          The same happened {plural(failure.times_before, "time")} before:{" "}
          {failure.before.map((one) => (
            <a key={one.run} href={`/runs/${one.run}`}>
              {one.name}
            </a>
          ))}
        </p>
      )}
      {solved && (
        <p>
          It went well again in <a href={`/runs/${solved.run}`}>{solved.name}</a> by {solved.user}.
        </p>
      )}
    </section>
  );
}

function Metrics({ run, setSearch }: { run: Run; setSearch: SetSearch }) {
  const all = Object.entries(run.metrics);
  if (!all.length) return null;
  return (
    <section className="card">
      <h2>Metrics</h2>
      <div className="scroll">
        <table className="numbers">
          <thead>
            <tr>
              <th>Name</th>
              <th>Last</th>
              <th>Min</th>
              <th>Max</th>
              <th>Points</th>
              <th>
                <span className="unseen">Where it came from</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {all.slice(0, METRICS_SHOWN).map(([name, found]) => (
              <tr key={name}>
                <th scope="row">
                  <button
                    type="button"
                    className="link"
                    onClick={() => setSearch({ tab: "charts", full: name })}
                  >
                    {name}
                  </button>
                </th>
                <td>{numberText(found.last)}</td>
                <td>{numberText(found.min)}</td>
                <td>{numberText(found.max)}</td>
                <td>{found.count.toLocaleString("en")}</td>
                <td>
                  <WhyLink what={`run:${run.id}:metrics.${name}`} name={name} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {all.length > METRICS_SHOWN && (
        <button type="button" className="link" onClick={() => setSearch({ tab: "charts" })}>
          All {all.length.toLocaleString("en")} metrics
        </button>
      )}
    </section>
  );
}

function Data({ run }: { run: Run }) {
  if (!run.data.length) return null;
  return (
    <section className="card">
      <h2>Data it read</h2>
      <ul className="plain">
        {run.data.map((one) => (
          <li key={one.tree}>
            <a href={`/data/${encodeURIComponent(one.label)}`}>{one.label}</a>{" "}
            <span className="faint">{plural(one.files, "file")}</span>
            {one.newer && (
              <Badge tone="warn">
                there is a newer one: {one.name}@{one.newest}
              </Badge>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Whether the run can be repeated: what was tried counts more than what stands in the way. */
function Reproducible({ run, setSearch }: { run: Run; setSearch: SetSearch }) {
  const last = run.reproductions.at(-1);
  const [title, look] = reproducibility(run);
  return (
    <section className={`card card-${look}`}>
      <h2>{title}</h2>
      {last && (
        <p>
          <Verdict verdict={last.verdict} /> {VERDICTS[last.verdict]}
          {last.cause && ` First cause: ${last.cause}.`}{" "}
          <button
            type="button"
            className="link"
            onClick={() => setSearch({ tab: "reproductions" })}
          >
            {plural(run.reproductions.length, "repetition")}
          </button>
        </p>
      )}
      {run.blockers.length > 0 && (
        <ul>
          {run.blockers.map((why) => (
            <li key={why}>{why}</li>
          ))}
        </ul>
      )}
      {!run.blockers.length && !last && (
        <p>Code, environment and inputs are kept. To check that it comes out the same:</p>
      )}
      {!run.blockers.length && run.kind === "command" && run.status !== RUNNING && (
        <p>
          <Typed text={`afield reproduce ${run.id}`} />
        </p>
      )}
    </section>
  );
}

export function reproducibility(run: Run): [string, "good" | "warn" | "bad" | "plain"] {
  const last = run.reproductions.at(-1)?.verdict;
  if (last === "identical" || last === "equivalent") return ["Reproduced", "good"];
  if (last === "diverged") return ["Did not reproduce", "bad"];
  if (last === "incomplete") return ["Reproduced in part", "warn"];
  if (run.status === RUNNING) return ["Still running", "plain"];
  if (run.blockers.length) return ["Not reproducible", "warn"];
  return ["Reproducible, not tried yet", "plain"];
}

function Facts({ run, setSearch }: { run: Run; setSearch: SetSearch }) {
  const { git, resources, environment, code } = run;
  const link = (tab: "code" | "environment", text: string) => (
    <button type="button" className="link" onClick={() => setSearch({ tab })}>
      {text}
    </button>
  );
  const rows: [string, React.ReactNode][] = [
    ["Commit", git?.commit && `${short(git.commit)}${git.dirty ? ", changed" : ""}`],
    ["Branch", git?.branch],
    ["Code", code && link("code", `${plural(code.files, "file")}, ${bytesText(code.size_bytes)}`)],
    [
      "Python",
      environment && link("environment", `${environment.python}, ${environment.platform}`),
    ],
    ["CPU time", resources && secondsText(resources.cpu_s)],
    ["Peak memory", resources && bytesText(resources.memory_peak_bytes)],
    ["Repeats", run.reproduces && <a href={`/runs/${run.reproduces}`}>{run.reproduces}</a>],
    ["Begun in", run.parent && <a href={`/runs/${run.parent}`}>{run.parent}</a>],
    ...Object.entries(run.summary).map(([name, value]): [string, string] => [name, String(value)]),
  ];
  const tags = Object.entries(run.tags);
  const told = rows.filter(([, value]) => value != null && value !== "");
  if (!told.length && !tags.length) return null;
  return (
    <section className="card">
      <h2>Facts</h2>
      <dl className="facts">
        {told.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {tags.length > 0 && (
        <p className="tags">
          {tags.map(([name, value]) => (
            <span className="tag" key={name}>
              {value && value !== "true" ? `${name}: ${value}` : name}
            </span>
          ))}
        </p>
      )}
      {run.capture.warnings.length > 0 && (
        <details>
          <summary>{plural(run.capture.warnings.length, "warning")} while recording</summary>
          <ul>
            {run.capture.warnings.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
