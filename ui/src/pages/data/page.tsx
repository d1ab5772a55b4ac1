/** A version of data: its columns, rows, files, what changed, who uses it, and the dataset's card. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";

import { api, told } from "../../api";
import { useTalk } from "../../api/threads";
import { bytesText, countText } from "../../api/words";
import type { components } from "../../api/schema";
import { Command } from "../../parts/code";
import { ErrorNote } from "../../parts/error-note";
import { later } from "../../parts/later";
import { Page } from "../../parts/page";
import { Tabs } from "../../parts/tabs";
import { Time } from "../../parts/time";
import { WhyLink } from "../../parts/why-link";
import { useActions } from "../../shell/actions";
import { type DataSearch, type DataTab, type SetData, TABS } from "./search";

import "./data.css";

const route = getRouteApi("/data/$version");
const FILES_MAX = 1000;

export interface PartProps {
  one: components["schemas"]["OneVersion"];
  search: DataSearch;
  setSearch: SetData;
}

const PARTS = {
  columns: later(() => import("./columns")),
  rows: later(() => import("./rows")),
  files: later(() => import("./files")),
  changes: later(() => import("./changes")),
  used: later(() => import("./used")),
  card: later(() => import("./card")),
  talk: later(() => import("./talk")),
} satisfies Record<DataTab, unknown>;

export function VersionPage() {
  const { version } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const setSearch: SetData = (part, how) => {
    void navigate({
      search: (before: DataSearch) =>
        Object.fromEntries(
          Object.entries({ ...before, ...part }).filter(([, value]) => value !== undefined),
        ) as DataSearch,
      replace: how?.replace ?? false,
    });
  };
  const found = useQuery({
    queryKey: ["dataset", version],
    queryFn: ({ signal }) =>
      told(
        api.GET("/datasets/{version}", {
          params: { path: { version }, query: { files: FILES_MAX } },
          signal,
        }),
      ),
  });
  if (found.error) {
    return (
      <Page title={version} className="data">
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      </Page>
    );
  }
  if (!found.data) return <Page title={version}>{null}</Page>;
  return <Open one={found.data} search={search} setSearch={setSearch} />;
}

function Open({ one, search, setSearch }: PartProps) {
  const { version, statistics, card } = one;
  const navigate = useNavigate();
  const what = `data:${version.label}`;
  useActions([
    {
      group: "Data",
      label: `Why: what ${version.label} came from`,
      keys: "w",
      run: () => void navigate({ to: "/why", search: { what } }),
    },
  ]);
  const talk = useTalk(`data:${version.label}`);
  const hasTables = (statistics?.tables.length ?? 0) > 0;
  const names: Record<DataTab, [string, (number | undefined)?]> = {
    columns: ["Columns"],
    rows: ["Rows"],
    files: ["Files", one.files_total],
    changes: ["Changes"],
    used: ["Used by"],
    card: ["Card"],
    talk: ["Talk", talk.count],
  };
  const tabs = TABS.filter(
    (id) =>
      (hasTables || (id !== "columns" && id !== "rows")) &&
      (id !== "changes" || one.versions.length > 1),
  );
  const tab = tabs.find((id) => id === search.tab) ?? (tabs[0] as DataTab);
  const Part = PARTS[tab];
  return (
    <Page
      title={version.label}
      className="data"
      tools={
        <>
          <WhyLink what={what} name={version.label} isButton />
          <Versions one={one} tab={search.tab} />
        </>
      }
    >
      <p className="data-facts">
        <span>{countText(version.files, "file")}</span>
        <span>{bytesText(version.size_bytes)}</span>
        <span>
          added <Time at={version.added} /> by {version.by}
        </span>
        <span className="faint" title={version.tree}>
          {version.tree.slice(0, 12)}
        </span>
        {!card.complete && <span className="data-gaps">card lacks {card.missing.join(", ")}</span>}
      </p>
      {version.message && <p className="data-message">{version.message}</p>}
      <p>
        <Command text={`afield data get ${version.label}`} />
      </p>
      <Tabs
        label="Parts of the version"
        tabs={tabs.map((id) => ({
          id,
          label: names[id][0],
          count: names[id][1],
          fresh: id === "talk" ? talk.fresh : undefined,
        }))}
        open={tab}
        onOpen={(id) => setSearch({ tab: id === tabs[0] ? undefined : id, find: undefined })}
      >
        <Part one={one} search={search} setSearch={setSearch} />
      </Tabs>
    </Page>
  );
}

/** Leads from one version to another. */
function Versions({ one, tab }: { one: PartProps["one"]; tab: DataTab | undefined }) {
  const navigate = useNavigate();
  return (
    <label>
      Version{" "}
      <select
        value={one.version.version}
        onChange={(event) =>
          void navigate({
            to: "/data/$version",
            params: { version: `${one.version.name}@${event.target.value}` },
            search: tab ? { tab } : {},
          })
        }
      >
        {[...one.history].reverse().map((other) => (
          <option key={other.version} value={other.version}>
            {other.label}
            {other.message ? `: ${other.message.slice(0, 60)}` : ""}
          </option>
        ))}
      </select>
    </label>
  );
}
