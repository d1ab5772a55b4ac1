/** Why something is as it is: its trace back to runs, data, code, people and decisions. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { api, ApiFault, told } from "../../api";
import type { components } from "../../api/schema";
import { countText } from "../../api/words";
import { Command } from "../../parts/code";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Tree } from "./node";
import { DEPTH, DEPTHS, type WhySearch } from "./search";

import "./why.css";

const route = getRouteApi("/why");
const AT_ONCE = 7;
const EXAMPLES = [
  ["RUN:metrics.acc", "a number of a run"],
  ["RUN", "a run, by its name or id"],
  ["RUN:model.pt", "a file that a run read, wrote or saved"],
  ["model:NAME@3", "a version of a model"],
  ["data:NAME@2", "a version of data"],
  ["decision:ID", "a decision, a review, an ask, a handover"],
] as const;

export function WhyPage() {
  const { what, depth = DEPTH } = route.useSearch();
  const navigate = route.useNavigate();
  const go = (search: WhySearch) => void navigate({ search });
  const found = useQuery({
    queryKey: ["why", what, depth],
    queryFn: ({ signal }) =>
      told(api.GET("/why", { params: { query: { what: what ?? "", depth } }, signal })),
    enabled: what !== undefined,
  });
  return (
    <Page title={what ? `Why ${found.data?.object.label ?? what}` : "Why"} className="why">
      <div className="bar">
        <Asking key={what} what={what ?? ""} onAsk={(asked) => go({ what: asked })} />
        {what && (
          <label>
            Runs away{" "}
            <select
              value={depth}
              onChange={(event) => go({ what, depth: Number(event.target.value) })}
            >
              {DEPTHS.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
        )}
      </div>
      {!what ? (
        <Nothing />
      ) : found.error ? (
        <Refused error={found.error} onAgain={() => void found.refetch()} />
      ) : found.data ? (
        <Told
          why={found.data}
          command={`afield why ${/^[\w@:./-]+$/.test(what) ? what : `'${what.replaceAll("'", "'\\''")}'`}`}
          onFurther={() => {
            const further = DEPTHS.find((one) => one > depth);
            if (further) go({ what, depth: further });
            else void found.refetch();
          }}
        />
      ) : (
        <div className="why-waits" aria-busy="true" />
      )}
    </Page>
  );
}

function Asking({ what, onAsk }: { what: string; onAsk: (what: string) => void }) {
  const [text, setText] = useState(what);
  useEffect(() => setText(what), [what]);
  return (
    <form
      className="bar why-ask"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) onAsk(text.trim());
      }}
    >
      <input
        type="search"
        aria-label="What to trace back"
        placeholder="RUN:metrics.acc, model:NAME@3, data:NAME@2 …"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="button" disabled={!text.trim()}>
        Trace it back
      </button>
    </form>
  );
}

function Nothing() {
  return (
    <Empty title="From a number, a file, a model or data back to what it came from.">
      <dl className="why-examples">
        {EXAMPLES.map(([words, meaning]) => (
          <div key={words}>
            <dt>
              <code>{words}</code>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <p>
        “Why” stands beside every metric and file of a <Link to="/runs">run</Link>, every version of
        a <Link to="/models">model</Link> and of <Link to="/data">data</Link>.
      </p>
    </Empty>
  );
}

/** What was refused; where words mean several things, each is a link. */
function Refused({ error, onAgain }: { error: unknown; onAgain: () => void }) {
  const hint = error instanceof ApiFault ? (error.hint ?? "") : "";
  const meant = hint.includes(" or ")
    ? [...hint.matchAll(/afield why (\S+)/g)].map(([, words]) => words ?? "")
    : [];
  if (!meant.length) {
    return (
      <>
        <ErrorNote error={error} onAgain={onAgain} />
        <Nothing />
      </>
    );
  }
  return (
    <Empty title="Several things are called so. Which one?">
      <ul className="why-meant">
        {meant.slice(0, AT_ONCE).map((what) => (
          <li key={what}>
            <Link to="/why" search={{ what }}>
              {what}
            </Link>
          </li>
        ))}
      </ul>
    </Empty>
  );
}

interface ToldProps {
  why: components["schemas"]["Why"];
  command: string;
  onFurther: () => void;
}

function Told({ why, command, onFurther }: ToldProps) {
  return (
    <>
      <ul className="why-tree" aria-label="The trace">
        <Tree node={why.object} isRoot />
      </ul>
      {why.withheld > 0 && (
        <p className="faint">{countText(why.withheld, "thing")} more that you may not read.</p>
      )}
      {!why.complete && (
        <p>
          There is more than was looked at.{" "}
          <button type="button" className="button" onClick={onFurther}>
            Look further
          </button>
        </p>
      )}
      <p className="why-command">
        <Command text={command} />
      </p>
    </>
  );
}
