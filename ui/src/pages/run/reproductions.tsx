/** How repetitions of the run came out: verdict, first cause, and each result by itself. */

import { ErrorNote } from "../../parts/error-note";
import { useQuery } from "@tanstack/react-query";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { numberText } from "../../api/words";
import type { Run } from "./data";
import { Code, Command } from "../../parts/code";
import { Diff } from "../../parts/diff";
import { reproducibility } from "./overview";
import type { TabProps } from "./run-page";
import { Verdict } from "../../parts/badge";
import { Time } from "../../parts/time";
import { plural, VERDICTS } from "./words";

type Report = components["schemas"]["ReportShape"];

export default function Reproductions({ run }: TabProps) {
  const found = useQuery({
    queryKey: ["run", run.id, "reproductions", run.reproductions.length],
    queryFn: ({ signal }) =>
      told(api.GET("/runs/{run}/reproductions", { params: { path: { run: run.id } }, signal })),
  });
  if (found.error) return <ErrorNote error={found.error} />;
  if (!found.data) return <div className="run-waits" aria-busy="true" />;
  const newest = [...found.data.reproductions].reverse();
  if (!newest.length) return <Untried run={run} />;
  return (
    <>
      {run.stability && <Stability run={run} />}
      {newest.map((one) => (
        <section className="card" key={one.run}>
          <h2>
            <Verdict verdict={one.verdict} /> <a href={`/runs/${one.run}`}>{one.run}</a>{" "}
            <span className="faint">
              <Time at={one.at} />
            </span>
          </h2>
          <p>{VERDICTS[one.verdict]}</p>
          {one.report ? (
            <Details report={one.report} />
          ) : (
            <p className="faint">Its report is not here.</p>
          )}
        </section>
      ))}
    </>
  );
}

function Untried({ run }: { run: Run }) {
  const [title] = reproducibility(run);
  return (
    <div className="empty">
      <p>{title}.</p>
      {run.blockers.map((why) => (
        <p key={why}>{why}</p>
      ))}
      {!run.blockers.length && <Command text={`afield reproduce ${run.id}`} />}
    </div>
  );
}

function Stability({ run }: { run: Run }) {
  const varied = run.stability?.parts.filter((one) => !one.stable) ?? [];
  const times = run.stability?.runs.length ?? 0;
  return (
    <section className="card">
      <h2>Repeated where it was recorded, {plural(times, "time")}</h2>
      {varied.length ? (
        <ul>
          {varied.map((one) => (
            <li key={`${one.part} ${one.name}`}>
              <code>{one.name || one.part}</code> came out otherwise {one.differed} of {one.of}{" "}
              times
              {one.close > 0 && `, and close ${one.close} times`}
              {one.detail && `: ${one.detail}`}
            </li>
          ))}
        </ul>
      ) : (
        <p>Every result was the same each time.</p>
      )}
    </section>
  );
}

function Details({ report }: { report: Report }) {
  const { cause, reasons, outputs, metrics, console: printed, exit, bisection } = report;
  return (
    <>
      {cause && (
        <div className="cause">
          <p>
            <strong>First cause: {cause.kind}.</strong> {cause.detail}
          </p>
          {cause.evidence.length > 0 && <Evidence lines={cause.evidence} />}
        </div>
      )}
      {bisection && <p>{bisection.detail}</p>}
      {reasons.length > 0 && (
        <ul>
          {reasons.map((why) => (
            <li key={why}>{why}</li>
          ))}
        </ul>
      )}
      <details open={report.verdict === "diverged"}>
        <summary>
          {plural(outputs.length, "file")}, {plural(metrics.length, "metric")}
          {printed && ", the console"} and the exit were compared
        </summary>
        <div className="scroll">
          <table className="values">
            <tbody>
              {outputs.map((one) => (
                <Result key={one.path} name={one.path} {...one} how={one.canonicaliser} />
              ))}
              {metrics.map((one) => (
                <Result
                  key={`metric ${one.name}`}
                  name={one.name}
                  verdict={one.verdict}
                  detail={one.detail}
                  how={`${numberText(one.recorded)} → ${numberText(one.reproduced)}`}
                />
              ))}
              {printed && <Result name="console" {...printed} />}
              {exit && (
                <Result
                  name="exit"
                  verdict={exit.verdict}
                  detail={null}
                  how={`${exit.recorded} → ${exit.reproduced}`}
                />
              )}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}

/** What shows the cause: a diff, or words. */
function Evidence({ lines }: { lines: readonly string[] }) {
  if (lines.some((line) => line.startsWith("@@ "))) return <Diff lines={lines} label="Evidence" />;
  return <Code text={lines.join("\n")} label="Evidence" />;
}

interface ResultProps {
  name: string;
  verdict: string;
  detail: string | null;
  how?: string;
}

function Result({ name, verdict, detail, how }: ResultProps) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <Verdict verdict={verdict} />
      </td>
      <td>{[how, detail].filter(Boolean).join(": ")}</td>
    </tr>
  );
}
