/** Runs side by side: what differs, their charts, and how params go along with results. */

import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";

import { countText } from "../../api/words";
import { colorsOf } from "../../charts/colors";
import type { ShownRun } from "../../charts/series";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { later } from "../../parts/later";
import { Page } from "../../parts/page";
import { Tabs } from "../../parts/tabs";
import { type Compared, useCompared, wantedMetrics } from "./data";
import {
  type CompareSearch,
  type CompareTab,
  idsOf,
  RUNS_MAX,
  type SetCompare,
  TABS,
} from "./search";

import "./compare.css";

const route = getRouteApi("/compare");

export interface PartProps {
  compared: Compared;
  shown: ShownRun[];
  search: CompareSearch;
  setSearch: SetCompare;
}

const PARTS = {
  differences: later(() => import("./differences")),
  charts: later(() => import("./charts-part")),
  scatter: later(() => import("./scatter")),
  parallel: later(() => import("./parallel")),
  importance: later(() => import("./importance")),
  pair: later(() => import("./pair")),
  images: later(() => import("./images")),
} satisfies Record<CompareTab, unknown>;

const NAMES: Record<CompareTab, string> = {
  differences: "Differences",
  charts: "Charts",
  scatter: "Scatter",
  parallel: "Parallel",
  importance: "Importance",
  pair: "Two in detail",
  images: "Images",
};

export function ComparePage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const ids = useMemo(() => idsOf({ runs: search.runs ?? "" }), [search.runs]);
  const named = useCompared(ids);
  const wanted = named.data ? wantedMetrics(named.data.metrics, search) : [];
  const valued = useCompared(wanted.length ? ids : [], wanted);
  const found = wanted.length ? valued : named;
  const setSearch: SetCompare = (part, how) => {
    void navigate({
      search: (before: CompareSearch) =>
        Object.fromEntries(
          Object.entries({ ...before, ...part }).filter(([, value]) => value !== undefined),
        ) as CompareSearch,
      replace: how?.replace ?? false,
    });
  };
  if (!ids.length) {
    return (
      <Page title="Compare">
        <Empty title="No runs are chosen.">
          <p>
            Choose up to {RUNS_MAX} in the <Link to="/runs">table of runs</Link> with <kbd>x</kbd>,
            then press <kbd>c</kbd>.
          </p>
        </Empty>
      </Page>
    );
  }
  return (
    <Page title={`Compare ${countText(ids.length, "run")}`} className="compare">
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : found.data ? (
        <Open compared={found.data} search={search} setSearch={setSearch} />
      ) : (
        <div aria-busy="true" />
      )}
    </Page>
  );
}

function Open({ compared, search, setSearch }: Omit<PartProps, "shown">) {
  const shown = useMemo(() => {
    const colors = colorsOf(compared.runs.map((run) => run.id));
    return compared.runs.map((run) => ({
      id: run.id,
      label: run.name,
      color: colors.get(run.id) ?? "gray",
    }));
  }, [compared.runs]);
  useEffect(() => PARTS.charts.ahead(), []);
  const tabs = TABS.filter(
    (id) => id === "differences" || id === "charts" || id === "images" || shown.length > 1,
  );
  const tab = tabs.find((id) => id === search.tab) ?? "differences";
  const Part = PARTS[tab];
  return (
    <Tabs
      label="Ways to compare"
      tabs={tabs.map((id) => ({ id, label: NAMES[id] }))}
      open={tab}
      onOpen={(id) =>
        setSearch({ tab: id === "differences" ? undefined : id, find: undefined, part: undefined })
      }
    >
      <Part compared={compared} shown={shown} search={search} setSearch={setSearch} />
    </Tabs>
  );
}
