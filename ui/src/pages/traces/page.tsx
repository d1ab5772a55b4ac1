/** One trace: its spans on a time line, what each took in and gave out, what people found of it. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";

import { api, told as asked } from "../../api";
import type { components } from "../../api/schema";
import { countText } from "../../api/words";
import { Badge } from "../../parts/badge";
import { Code } from "../../parts/code";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Time } from "../../parts/time";
import { State, tokensOf } from "./list";
import { placed, type Placed, told, tookText, valueText } from "./tree";

import "../data/data.css";
import "./traces.css";

const route = getRouteApi("/traces/$trace");
const INDENT_REM = 1;

type Whole = components["schemas"]["WholeTrace"];

export function TracePage() {
  const { trace } = route.useParams();
  const found = useQuery({
    queryKey: ["trace", trace],
    queryFn: ({ signal }) =>
      asked(api.GET("/traces/{trace}", { params: { path: { trace } }, signal })),
  });
  return (
    <Page title={found.data?.name ?? found.data?.spans[0]?.name ?? "Trace"} className="list-page">
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : found.data ? (
        <Open one={found.data} />
      ) : (
        <div aria-busy="true" />
      )}
    </Page>
  );
}

function Open({ one }: { one: Whole }) {
  const search = route.useSearch();
  const spans = placed(one.spans);
  const open = spans.find(({ span }) => span.id === search.span) ?? spans[0];
  const tokens = tokensOf(one);
  return (
    <>
      <p className="data-facts">
        <State state={one.state} />
        <span>{tookText(one.duration_ms)}</span>
        <span>{countText(one.spans.length, "span")}</span>
        {tokens !== null && <span>{countText(tokens, "token")}</span>}
        <span>
          <Time at={one.began} />
        </span>
        <Link to="/traces" search={{ experiment: one.experiment }}>
          experiment {one.experiment}
        </Link>
        {one.links["run"]?.map((run) => (
          <Link key={run} to="/runs/$run" params={{ run }}>
            run {run.slice(0, 8)}
          </Link>
        ))}
      </p>
      <Found one={one} />
      <div className="trace">
        <ol className="trace-spans" aria-label="Spans">
          {spans.map((each) => (
            <Line key={each.span.id} one={each} isOpen={each === open} />
          ))}
        </ol>
        {open && <Detail one={open} />}
      </div>
    </>
  );
}

function Line({ one, isOpen }: { one: Placed; isOpen: boolean }) {
  const { span, depth, from, until, tookMs } = one;
  const isBad = span.status === "ERROR";
  return (
    <li>
      <Link
        from="/traces/$trace"
        search={{ span: span.id }}
        replace
        resetScroll={false}
        className="trace-span"
        aria-current={isOpen || undefined}
      >
        <span className="trace-name" style={{ paddingLeft: `${depth * INDENT_REM}rem` }}>
          <span title={span.name}>{span.name}</span>
          {span.type && span.type !== "UNKNOWN" && (
            <small className="faint">{span.type.toLowerCase()}</small>
          )}
          {isBad && <Badge tone="bad">failed</Badge>}
        </span>
        <span className="trace-line" aria-hidden="true">
          <span
            className={isBad ? "trace-bar trace-bad" : "trace-bar"}
            style={{ left: `${from * 100}%`, width: `${(until - from) * 100}%` }}
          />
        </span>
        <span className="number">{tookText(tookMs)}</span>
      </Link>
    </li>
  );
}

function Detail({ one: { span, tookMs } }: { one: Placed }) {
  const { inputs, outputs, rest } = told(span);
  return (
    <section className="card trace-detail" aria-label={`What ${span.name} says`}>
      <h2>
        {span.name} <span className="hint">{tookText(tookMs)}</span>
      </h2>
      {span.message && <p className="trace-message">{span.message}</p>}
      {inputs !== undefined && <Value name="In" value={inputs} />}
      {outputs !== undefined && <Value name="Out" value={outputs} />}
      {rest.length > 0 && (
        <>
          <h3>Attributes</h3>
          <dl className="trace-facts">
            {rest.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{valueText(value)}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
      {span.events.map((event, index) => (
        <Value key={index} name={`Event ${String(event["name"] ?? index + 1)}`} value={event} />
      ))}
    </section>
  );
}

function Value({ name, value }: { name: string; value: unknown }) {
  return (
    <>
      <h3>{name}</h3>
      <Code text={valueText(value)} label={name} />
    </>
  );
}

/** What people and judges found of it; what another one stands in for is left out. */
function Found({ one }: { one: Whole }) {
  const valid = one.assessments.filter((each) => each.valid);
  if (!valid.length) return null;
  return (
    <ul className="trace-found" aria-label="What was found of it">
      {valid.map((each) => (
        <li key={each.id}>
          <b>{each.name}</b> {valueText(each.value)}{" "}
          {each.by && <span className="faint">by {each.by}</span>} {each.rationale}
        </li>
      ))}
    </ul>
  );
}
