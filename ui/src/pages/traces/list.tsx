/** What programs asked of models: the newest first, by state and experiment. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { Badge } from "../../parts/badge";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Time } from "../../parts/time";
import { STATES, type TracesSearch } from "./search";
import { tookText } from "./tree";

import "../data/data.css";
import "./traces.css";

const route = getRouteApi("/traces");

export type Trace = components["schemas"]["TraceShape"];

const WORDS = {
  OK: ["good", "answered"],
  ERROR: ["bad", "failed"],
  IN_PROGRESS: ["info", "goes on"],
} as const;

/** How it ended, in a word. */
export function State({ state }: { state: string }) {
  const [tone, word] = WORDS[state as keyof typeof WORDS] ?? ["quiet", state];
  return <Badge tone={tone}>{word}</Badge>;
}

/** Return how many tokens went in and out together; null where nobody told. */
export function tokensOf({ tokens }: Trace): number | null {
  const total = tokens?.["total_tokens"];
  return typeof total === "number" ? total : null;
}

export function TracesPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const found = useInfiniteQuery({
    queryKey: ["traces", search],
    queryFn: ({ signal, pageParam }) =>
      told(
        api.GET("/traces", {
          params: { query: { ...search, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });
  const all = found.data?.pages.flatMap((page) => page.traces);
  const set = (change: Partial<Record<keyof TracesSearch, string>>) =>
    void navigate({
      search: (before) =>
        Object.fromEntries(
          Object.entries({ ...before, ...change }).filter(([, value]) => value),
        ) as TracesSearch,
      replace: true,
    });
  return (
    <Page title="Traces" className="list-page">
      <div className="bar">
        <label>
          <span className="unseen">How they ended</span>
          <select
            value={search.state ?? ""}
            onChange={(event) => set({ state: event.target.value })}
          >
            <option value="">However they ended</option>
            {STATES.map((state) => (
              <option key={state} value={state}>
                {WORDS[state][1]}
              </option>
            ))}
          </select>
        </label>
        {search.experiment && (
          <button type="button" className="button" onClick={() => set({ experiment: "" })}>
            experiment {search.experiment} ✕
          </button>
        )}
      </div>
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : !all ? (
        <div aria-busy="true" />
      ) : all.length === 0 ? (
        <Nothing isFiltered={Object.keys(search).length > 0} />
      ) : (
        <Rows all={all} />
      )}
      {found.hasNextPage && (
        <p className="bar">
          <button
            type="button"
            className="button"
            disabled={found.isFetchingNextPage}
            onClick={() => void found.fetchNextPage()}
          >
            Older ones
          </button>
        </p>
      )}
    </Page>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No trace fits." />;
  return (
    <Empty
      title="No program has sent a trace yet."
      command={`export MLFLOW_TRACKING_URI=${location.origin}`}
    >
      <p>
        Then <code>mlflow.openai.autolog()</code>, or what speaks OpenTelemetry, with{" "}
        <code>/v1/traces</code> of this address.
      </p>
    </Empty>
  );
}

function Rows({ all }: { all: readonly Trace[] }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Traces">
      <table className="list">
        <thead>
          <tr>
            <th scope="col">Trace</th>
            <th scope="col">State</th>
            <th scope="col">Asked</th>
            <th scope="col">Answered</th>
            <th scope="col" className="number">
              Took
            </th>
            <th scope="col" className="number">
              Tokens
            </th>
            <th scope="col">Began</th>
            <th scope="col">Experiment</th>
          </tr>
        </thead>
        <tbody>
          {all.map((one) => (
            <tr key={one.id}>
              <th scope="row">
                <Link to="/traces/$trace" params={{ trace: one.id }}>
                  {one.name ?? one.id.slice(0, 12)}
                </Link>
              </th>
              <td>
                <State state={one.state} />
              </td>
              <td className="list-words" title={one.request ?? undefined}>
                {one.request}
              </td>
              <td className="list-words" title={one.response ?? undefined}>
                {one.response}
              </td>
              <td className="number">{tookText(one.duration_ms)}</td>
              <td className="number">{tokensOf(one)?.toLocaleString("en") ?? "–"}</td>
              <td>
                <Time at={one.began} />
              </td>
              <td>
                <Link to="/traces" search={{ experiment: one.experiment }}>
                  {one.experiment}
                </Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
