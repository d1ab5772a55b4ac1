/** The page of a run: what it is, and a tab for each thing that can be asked of it. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { api, told } from "../../api";
import { useTalk } from "../../api/threads";
import { Badge, Status } from "../../parts/badge";
import { CopyButton } from "../../parts/copy-button";
import { ErrorNote } from "../../parts/error-note";
import { later } from "../../parts/later";
import { Page } from "../../parts/page";
import { Right } from "../../parts/right";
import { Tabs } from "../../parts/tabs";
import { Duration, Time } from "../../parts/time";
import { WhyLink } from "../../parts/why-link";
import { useActions } from "../../shell/actions";
import { type Live, type Run, useLive, useRun } from "./data";
import { type RunSearch, type SetSearch, TABS, type Tab } from "./search";

import "./run.css";

export interface TabProps {
  run: Run;
  live: Live;
  search: RunSearch;
  setSearch: SetSearch;
}

const PARTS = {
  overview: later(() => import("./overview")),
  charts: later(() => import("./charts-tab")),
  params: later(() => import("./params")),
  console: later(() => import("./console")),
  code: later(() => import("./code")),
  environment: later(() => import("./environment")),
  files: later(() => import("./files")),
  lineage: later(() => import("./lineage")),
  reproductions: later(() => import("./reproductions")),
  notes: later(() => import("./notes")),
  talk: later(() => import("./talk")),
} satisfies Record<Tab, unknown>;

interface Props {
  id: string;
  search: RunSearch;
  setSearch: SetSearch;
}

export function RunPage({ id, search, setSearch }: Props) {
  const found = useRun(id);
  const live = useLive(found.data);
  const talk = useTalk(found.data && `run:${found.data.id}`);
  if (found.error) {
    return (
      <Page title={`Run ${id}`}>
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      </Page>
    );
  }
  const run = found.data;
  if (!run) return <main className="page run-page" aria-busy="true" />;
  const tab = search.tab ?? "overview";
  const Part = PARTS[tab];
  const go = (to: Tab) => {
    const away = { find: undefined, path: undefined, kind: undefined, against: undefined };
    setSearch({ ...away, tab: to === "overview" ? undefined : to });
  };
  const numbers = counts(run);
  const tabs = (Object.keys(TABS) as Tab[]).map((one) => ({
    id: one,
    label: TABS[one],
    count: (one === "talk" ? talk.count : numbers[one]) || undefined,
    fresh: one === "talk" ? talk.fresh : undefined,
  }));
  return (
    <Page
      className="run-page"
      title={run.name}
      heading={
        <span className="run-name">
          {run.name} <Status status={run.status} />
          {run.deleted && <Badge tone="bad">deleted</Badge>}
        </span>
      }
      tools={
        <>
          <WhyLink what={`run:${run.id}`} name={run.name} isButton />
          <Right to="run.delete">
            <Marks run={run} />
          </Right>
        </>
      }
    >
      <Facts run={run} />
      <Tabs label="Parts of the run" tabs={tabs} open={tab} onOpen={go}>
        <Part
          key={`${run.id}-${tab}`}
          run={run}
          live={live}
          search={search}
          setSearch={setSearch}
        />
      </Tabs>
    </Page>
  );
}

function Facts({ run }: { run: Run }) {
  const end = run.signal
    ? `by ${run.signal}`
    : run.exit_code
      ? `with exit code ${run.exit_code}`
      : "";
  return (
    <p className="run-facts">
      <span>
        {run.project} / {run.experiment}
      </span>
      <span>by {run.by}</span>
      {run.host_name && <span>on {run.host_name}</span>}
      <Time at={run.started} />
      {run.duration_s !== null && (
        <span>
          took <Duration seconds={run.duration_s} />
        </span>
      )}
      {end && <span>ended {end}</span>}
      {run.kind === "imported" && <span>imported from {run.imported?.tool}</span>}
      <span className="run-id">
        <code>{run.id}</code> <CopyButton text={run.id} label="Copy the id" />
      </span>
    </p>
  );
}

/** Out of sight, and back. */
function Marks({ run }: { run: Run }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const mark = useMutation({
    mutationFn: () => {
      const params = { path: { run: run.id } };
      return run.deleted
        ? told(api.POST("/runs/{run}/restore", { params }))
        : told(api.DELETE("/runs/{run}", { params }));
    },
    onSuccess: () => queries.invalidateQueries(),
  });
  const words = run.deleted ? "Restore" : "Delete";
  useActions([
    { group: "Run", label: `${words} this run`, run: () => mark.mutate() },
    {
      group: "Run",
      label: "Why: what this run came from",
      keys: "w",
      run: () => void navigate({ to: "/why", search: { what: `run:${run.id}` } }),
    },
  ]);
  return (
    <>
      {mark.error && <span role="alert">{mark.error.message}</span>}
      <button
        type="button"
        className="button"
        disabled={mark.isPending}
        title={run.deleted ? "Show it in lists again" : "Leave it out of lists; nothing is erased"}
        onClick={() => mark.mutate()}
      >
        {words}
      </button>
    </>
  );
}

function counts(run: Run): Partial<Record<Tab, number>> {
  return {
    charts: Object.keys(run.metrics).length,
    params: Object.keys(run.params).length,
    files: run.inputs.length + run.outputs.length + run.saved.length,
    reproductions: run.reproductions.length,
    notes: run.notes.length,
  };
}
