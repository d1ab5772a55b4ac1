/** The record itself: every entry with who signed it, and the machines and places that hold it. */

import { getRouteApi } from "@tanstack/react-router";

import { later } from "../../parts/later";
import { Page } from "../../parts/page";
import { Tabs } from "../../parts/tabs";
import Devices from "./devices";
import Entries from "./entries";
import type { RecordSearch } from "./search";

import "../data/data.css";
import "./record.css";

const Around = later(() => import("./around"));
const route = getRouteApi("/record");

export function RecordPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const setSearch = (part: { [key in keyof RecordSearch]?: RecordSearch[key] | undefined }) =>
    void navigate({
      search: (before: RecordSearch) =>
        Object.fromEntries(
          Object.entries({ ...before, ...part }).filter(([, value]) => value),
        ) as RecordSearch,
      replace: true,
    });
  const tab = search.tab ?? "entries";
  return (
    <Page title="Record" className="list-page">
      <Tabs
        label="Parts of the record"
        tabs={[
          { id: "entries", label: "Time line" },
          { id: "lineage", label: "Lineage" },
          { id: "devices", label: "Devices and remotes" },
        ]}
        open={tab}
        onOpen={(id) => setSearch({ tab: id === "entries" ? undefined : id })}
      >
        {tab === "entries" && <Entries search={search} setSearch={setSearch} />}
        {tab === "devices" && <Devices />}
        {tab === "lineage" && <Around search={search} setSearch={setSearch} />}
      </Tabs>
    </Page>
  );
}
