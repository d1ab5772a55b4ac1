/** Above the table: grouping, columns, courses of metrics, deleted runs. */

import { useState } from "react";

import { useActions } from "../../shell/actions";
import { ColumnsDialog } from "./columns-dialog";
import { FIXED, labelOf } from "./columns";
import { useNames } from "./data";
import type { SetSearch } from "./page";
import type { RunsSearch } from "./search";

interface ToolsProps {
  search: RunsSearch;
  setSearch: SetSearch;
  shown: readonly string[];
  auto: readonly string[];
}

const GROUPED = [
  "project",
  "experiment",
  "status",
  "user",
  "branch",
  "commit",
  "exception",
  "python",
  "name",
];

export function Tools({ search, setSearch, shown, auto }: ToolsProps) {
  const [isChoosing, setChoosing] = useState(false);
  const params = useNames("params").data?.names ?? [];
  const tags = useNames("tags").data?.names ?? [];
  const fields = [...params.map((one) => `params.${one}`), ...tags.map((one) => `tags.${one}`)];
  const all =
    search.group && ![...GROUPED, ...fields].includes(search.group)
      ? [search.group, ...fields]
      : fields;
  const courses = () => setSearch({ courses: search.courses ? undefined : true });
  const deleted = () => setSearch({ deleted: search.deleted ? undefined : true });
  useActions([
    { group: "Runs", label: "Choose columns", keys: "shift+c", run: () => setChoosing(true) },
    { group: "Runs", label: "Show the courses of metrics", keys: "s", run: courses },
    { group: "Runs", label: "Show deleted runs", run: deleted },
  ]);
  return (
    <>
      <label className="runs-group">
        <span className="unseen">Group by</span>
        <select
          value={search.group ?? ""}
          onChange={(event) =>
            setSearch({
              group: event.target.value || undefined,
              within: undefined,
              without: undefined,
            })
          }
        >
          <option value="">Group by …</option>
          {GROUPED.map((one) => (
            <option key={one} value={one}>
              {FIXED[one]?.label ?? one}
            </option>
          ))}
          {all.map((one) => (
            <option key={one} value={one}>
              {one.startsWith("tags.") ? `tag ${labelOf(one)}` : labelOf(one)}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        className="button"
        aria-pressed={search.courses ?? false}
        title="s"
        onClick={courses}
      >
        Courses
      </button>
      <button
        type="button"
        className="button"
        aria-pressed={search.deleted ?? false}
        onClick={deleted}
      >
        Deleted
      </button>
      <button type="button" className="button" title="Shift+C" onClick={() => setChoosing(true)}>
        Columns <span className="count">{shown.length}</span>
      </button>
      {isChoosing && (
        <ColumnsDialog
          search={search}
          setSearch={setSearch}
          shown={shown}
          auto={auto}
          onClose={() => setChoosing(false)}
        />
      )}
    </>
  );
}
