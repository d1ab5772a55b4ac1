/** The graph of what came from what, around a run, a version of data or of a model. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { LineageOf } from "../../parts/lineage";
import { WhyLink } from "../../parts/why-link";
import type { RecordSearch } from "./search";

type WhyNode = components["schemas"]["WhyNode"];

interface AroundProps {
  search: RecordSearch;
  setSearch: (part: { [key in keyof RecordSearch]?: RecordSearch[key] | undefined }) => void;
}

export default function Around({ search, setSearch }: AroundProps) {
  const { depth } = search;
  const of = search.of ?? search.about;
  const found = useMiddle(of);
  return (
    <>
      <Asking key={of} of={of ?? ""} onAsk={(asked) => setSearch({ of: asked || undefined })} />
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : !found.data ? (
        <div aria-busy="true" />
      ) : found.data.run ? (
        <>
          <p className="record-middle">
            Around the run{" "}
            <Link to="/runs/$run" params={{ run: found.data.run.id }}>
              {found.data.run.name}
            </Link>
            {found.data.how && `, ${found.data.how}`}.{" "}
            <WhyLink what={of ?? `run:${found.data.run.id}`} name={found.data.run.name} />
          </p>
          <LineageOf
            run={found.data.run.id}
            depth={depth}
            onDepth={(next) => setSearch({ depth: next })}
            addressOf={addressOf}
          />
        </>
      ) : (
        <Empty title={found.data.how} command="afield run python train.py" />
      )}
    </>
  );
}

/** Where a box leads: to the same graph, with it in the middle. */
function addressOf(node: components["schemas"]["Node"]): string {
  const of = node.kind === "run" ? `run:${node.id}` : `data:${node.label ?? node.name}`;
  return `/record?${new URLSearchParams({ tab: "lineage", of })}`;
}

function Asking({ of, onAsk }: { of: string; onAsk: (of: string) => void }) {
  const [text, setText] = useState(of);
  useEffect(() => setText(of), [of]);
  return (
    <form
      className="bar"
      onSubmit={(event) => {
        event.preventDefault();
        onAsk(text.trim());
      }}
    >
      <input
        type="search"
        className="record-of"
        aria-label="What stands in the middle"
        placeholder="RUN, model:NAME@3, data:NAME@2 (empty: the last run)"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="button">
        Show
      </button>
    </form>
  );
}

interface Middle {
  run: { id: string; name: string } | null;
  /** How it has to do with what was asked for, or why there is none. */
  how: string;
}

/** Find the run that stands in the middle: the newest, or the one that what is asked for leads to. */
function useMiddle(of: string | undefined) {
  return useQuery({
    queryKey: ["record", "middle", of],
    queryFn: ({ signal }) => (of ? middleOf(of, signal) : newest(signal)),
  });
}

async function newest(signal: AbortSignal): Promise<Middle> {
  const { runs } = await told(api.GET("/runs", { params: { query: { limit: 1 } }, signal }));
  const [run] = runs;
  return run ? { run, how: "the newest" } : { run: null, how: "Nothing was recorded yet." };
}

async function middleOf(of: string, signal: AbortSignal): Promise<Middle> {
  const query = { what: of, depth: 1 };
  const { object } = await told(api.GET("/why", { params: { query }, signal }));
  if (object.kind === "run") return { run: { id: object.id, name: object.label }, how: "" };
  if (object.kind === "data") {
    const reader = await readerOf(object.label, signal);
    if (reader) return { run: reader, how: `which read ${object.label}` };
  }
  const giver = runIn(object);
  return giver
    ? { run: { id: giver.id, name: giver.label }, how: `which ${object.label} came from` }
    : { run: null, how: `No run gave or read ${object.label}.` };
}

async function readerOf(version: string, signal: AbortSignal): Promise<Middle["run"]> {
  const params = { path: { version } };
  const { runs } = await told(api.GET("/datasets/{version}/runs", { params, signal }));
  return runs[0] ?? null;
}

/** Return the first run that a thing came from. */
function runIn(node: WhyNode): WhyNode | undefined {
  for (const one of node.sources) {
    const found = one.kind === "run" ? one : runIn(one);
    if (found) return found;
  }
  return undefined;
}
