/** Two runs in detail: the first cause, and the evidence of everything that differs. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { api, told } from "../../api";
import { numberText } from "../../api/words";
import type { components } from "../../api/schema";
import { Badge, Verdict } from "../../parts/badge";
import { Diff } from "../../parts/diff";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { commandText } from "../run/words";
import type { PartProps } from "./page";

type Two = components["schemas"]["PairShape"];
type Change = components["schemas"]["ChangeShape"];

const SHOWN_MAX = 300;

export default function Pair({ shown, search, setSearch }: PartProps) {
  const [askedA, askedB] = (search.pair ?? "").split(",");
  const a = shown.find((run) => run.id === askedA) ?? shown[0];
  const b =
    shown.find((run) => run.id === askedB && run.id !== a?.id) ??
    shown.find((run) => run.id !== a?.id);
  const found = useQuery({
    queryKey: ["compare", "pair", a?.id, b?.id],
    queryFn: ({ signal }) =>
      told(
        api.GET("/compare/pair", {
          params: { query: { run: [a?.id ?? "", b?.id ?? ""] } },
          signal,
        }),
      ),
    enabled: a !== undefined && b !== undefined,
    staleTime: Infinity,
  });
  if (!a || !b) return <Empty title="Two runs are needed." />;
  const choose = (which: "a" | "b", id: string) => {
    const other = which === "a" ? b.id : a.id;
    const kept = other === id ? (which === "a" ? a.id : b.id) : other;
    setSearch({ pair: which === "a" ? `${id},${kept}` : `${kept},${id}` }, { replace: true });
  };
  return (
    <>
      <div className="bar">
        {(["a", "b"] as const).map((which) => (
          <label key={which}>
            {which === "a" ? "Compare" : "with"}
            <select
              value={which === "a" ? a.id : b.id}
              onChange={(event) => choose(which, event.target.value)}
            >
              {shown.map((run) => (
                <option key={run.id} value={run.id}>
                  {run.label}
                </option>
              ))}
            </select>
          </label>
        ))}
        <button
          type="button"
          className="button"
          onClick={() => setSearch({ pair: `${b.id},${a.id}` }, { replace: true })}
        >
          Swap
        </button>
      </div>
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : found.data ? (
        <Evidence two={found.data} a={a.label} b={b.label} />
      ) : (
        <p aria-busy="true" className="faint">
          Comparing code, environment and files …
        </p>
      )}
    </>
  );
}

function Evidence({ two, a, b }: { two: Two; a: string; b: string }) {
  const { code, environment } = two;
  const packages = [
    environment.python,
    environment.platform,
    ...environment.changed,
    ...environment.only_a,
    ...environment.only_b,
    ...environment.origins,
    ...environment.patched,
  ].filter((one): one is Change => one !== null);
  const outputs = two.outputs.filter((one) => one.verdict !== "identical");
  const inputs = two.inputs as { path?: string; kind?: string; why?: string | null }[];
  const touched = [...code.changed, ...code.only_a, ...code.only_b];
  return (
    <>
      <section className="card pair-cause">
        {two.cause ? (
          <>
            <h2>
              <Badge tone="warn">first cause</Badge> {two.cause.kind}
            </h2>
            <p>{two.cause.detail}</p>
            {two.cause.evidence.length > 0 && (
              <ul>
                {two.cause.evidence.slice(0, 12).map((one) => (
                  <li key={one}>{one}</li>
                ))}
              </ul>
            )}
          </>
        ) : (
          <h2>Nothing that they were made of differs.</h2>
        )}
      </section>
      <Part
        title="Command and params"
        changes={[two.arguments, ...two.params, ...two.variables]}
        a={a}
        b={b}
      />
      <Part title="Data" changes={two.datasets} a={a} b={b} />
      {(inputs.length > 0 || two.inputs_only_a.length > 0 || two.inputs_only_b.length > 0) && (
        <Card
          title="Inputs"
          count={inputs.length + two.inputs_only_a.length + two.inputs_only_b.length}
        >
          <ul className="pair-list">
            {inputs.slice(0, SHOWN_MAX).map((one, index) => (
              <li key={index}>
                <code>{one.path ?? JSON.stringify(one)}</code>{" "}
                <span className="faint">holds something else</span>
              </li>
            ))}
            <Only paths={two.inputs_only_a} run={a} />
            <Only paths={two.inputs_only_b} run={b} />
          </ul>
        </Card>
      )}
      {touched.length > 0 && (
        <Card title="Code" count={touched.length}>
          <ul className="pair-list">
            <Only paths={code.only_a} run={a} />
            <Only paths={code.only_b} run={b} />
          </ul>
          {code.diff.length > 0 && <Diff lines={code.diff} label="How the code differs" />}
        </Card>
      )}
      <Part title="Environment" changes={packages} a={a} b={b} />
      {two.machine.length > 0 && (
        <Card title="Machine" count={two.machine.length}>
          <ul className="pair-list">
            {two.machine.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        </Card>
      )}
      <Metrics two={two} a={a} b={b} />
      {outputs.length > 0 && (
        <Card title="Outputs" count={outputs.length}>
          <ul className="pair-list">
            {outputs.slice(0, SHOWN_MAX).map((one) => (
              <li key={one.path}>
                <Verdict verdict={one.verdict} /> <code>{one.path}</code>{" "}
                <span className="faint">{one.detail ?? ""}</span>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {two.console && two.console.verdict !== "identical" && (
        <Card title="Console">
          <p>
            <Verdict verdict={two.console.verdict} />{" "}
            <span className="faint">{two.console.detail ?? ""}</span>
          </p>
        </Card>
      )}
      <p className="faint">
        In detail:{" "}
        <Link to="/runs/$run" params={{ run: two.a }}>
          {a}
        </Link>
        ,{" "}
        <Link to="/runs/$run" params={{ run: two.b }}>
          {b}
        </Link>
      </p>
    </>
  );
}

function Card({ title, count, children }: { title: string; count?: number; children: ReactNode }) {
  return (
    <section className="card">
      <h2>
        {title} {count !== undefined && <span className="count">{count.toLocaleString("en")}</span>}
      </h2>
      {children}
    </section>
  );
}

interface SidesProps {
  a: string;
  b: string;
}

function Part({
  title,
  changes,
  a,
  b,
}: SidesProps & { title: string; changes: readonly (Change | null)[] }) {
  const rows = changes.filter((one) => one !== null);
  if (!rows.length) return null;
  return (
    <Card title={title} count={rows.length}>
      <Sides
        a={a}
        b={b}
        rows={rows.slice(0, SHOWN_MAX).map((one) => [one.name, worded(one.a), worded(one.b)])}
      />
    </Card>
  );
}

function Metrics({ two, a, b }: SidesProps & { two: Two }) {
  const rows = two.metrics.filter((one) => one.verdict !== "identical");
  if (!rows.length) return null;
  return (
    <Card title="Metrics" count={rows.length}>
      <Sides
        a={a}
        b={b}
        rows={rows
          .slice(0, SHOWN_MAX)
          .map((one) => [one.name, numberText(one.recorded), numberText(one.reproduced)])}
      />
    </Card>
  );
}

function Sides({ a, b, rows }: SidesProps & { rows: [string, string, string][] }) {
  return (
    <div className="scroll">
      <table className="pair-sides">
        <thead>
          <tr>
            <th scope="col">
              <span className="unseen">What</span>
            </th>
            <th scope="col">{a}</th>
            <th scope="col">{b}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, before, after]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="pair-a">{before}</td>
              <td className="pair-b">{after}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Only({ paths, run }: { paths: readonly string[]; run: string }) {
  return paths.slice(0, SHOWN_MAX).map((path) => (
    <li key={`${run}${path}`}>
      <code>{path}</code> <span className="faint">only {run}</span>
    </li>
  ));
}

function worded(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value)) return commandText(value.map(String));
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
