/** The table of runs: what is asked, which columns, in which order; all of it in the address. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";

import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Table, type TableHandle } from "../../parts/table";
import { countText } from "../../api/words";
import { useActions } from "../../shell/actions";
import { Bulk, useChosen } from "./bulk";
import { useColumns } from "./columns";
import { type Run, useRuns } from "./data";
import { Groups } from "./groups";
import { QueryBox } from "./query-box";
import { groupQuery, queryOf, type RunsSearch } from "./search";
import { Tools } from "./tools";

import "./runs.css";

export type SetSearch = (change: Partial<RunsSearch>) => void;

export function RunsPage() {
  const search: RunsSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const setSearch: SetSearch = useCallback(
    (change) =>
      void navigate({
        to: "/runs",
        search: (before) => ({ ...(before as RunsSearch), ...change }),
        replace: true,
      }),
    [navigate],
  );
  const query = queryOf(search, groupQuery(search));
  const [seen, setSeen] = useState<readonly string[]>([]);
  const { columns, ids, auto } = useColumns(search, setSearch, seen);
  const asked = useMemo(
    () => ({ query, columns: ids, deleted: search.deleted ?? false }),
    [query, ids, search.deleted],
  );
  const read = useRuns(asked);
  const [at, setAt] = useState(0);
  const chosen = useChosen(search, setSearch, read.rowAt);
  const table = useRef<TableHandle>(null);
  const { onSeen, rowAt } = read;
  const onNear = useCallback(
    (first: number, last: number) => {
      onSeen(first, last);
      const near: string[] = [];
      for (let index = first; index <= last; index++) {
        const id = rowAt(index)?.id;
        if (id) near.push(id);
      }
      setSeen((before) => (before.join() === near.join() ? before : near));
    },
    [onSeen, rowAt],
  );
  useActions([
    {
      group: "Runs",
      label: "Write a query",
      keys: "/",
      run: () => document.getElementById("runs-query")?.focus(),
    },
  ]);
  return (
    <Page
      title="Runs"
      isFull
      className="runs"
      heading={
        <>
          Runs <span className="count">{read.total.toLocaleString("en")}</span>
        </>
      }
      tools={<Tools search={search} setSearch={setSearch} shown={ids} auto={auto} />}
    >
      <QueryBox
        key={search.q ?? ""}
        query={search.q ?? ""}
        error={read.error}
        onQuery={(q) => setSearch({ q: q || undefined, sort: undefined })}
      />
      <div className="runs-body">
        {search.group && (
          <Groups
            by={search.group}
            query={queryOf({ ...search, sort: undefined })}
            isDeleted={search.deleted ?? false}
            open={search.without ? null : search.within}
            onOpen={(value) =>
              setSearch({ within: value ?? undefined, without: value === null || undefined })
            }
          />
        )}
        <div className="runs-table">
          {read.total > 0 ? (
            <Table<Run>
              ref={table}
              label={countText(read.total, "run")}
              columns={columns}
              count={read.total}
              rowAt={read.rowAt}
              keyOf={(run) => run.id}
              onSeen={onNear}
              at={at}
              onAt={setAt}
              onOpen={(run) => void navigate({ href: `/runs/${run.id}` })}
              chosen={chosen.ids}
              onChoose={chosen.onChoose}
              classOf={(run) => (run.deleted ? "runs-deleted" : undefined)}
            />
          ) : (
            !read.isWaiting && <Nothing search={search} error={read.error} onAgain={read.again} />
          )}
        </div>
      </div>
      <Bulk chosen={chosen} withDeleted={search.deleted ?? false} />
    </Page>
  );
}

function Nothing({
  search,
  error,
  onAgain,
}: {
  search: RunsSearch;
  error: Error | null;
  onAgain: () => void;
}) {
  if (error) return <ErrorNote error={error} onAgain={onAgain} />;
  if (search.q) {
    return (
      <Empty title="No run fits this query">
        Make it wider, or see <a href="/runs">all runs</a>.
      </Empty>
    );
  }
  return (
    <Empty title="Nothing is recorded yet" command="afield run python train.py">
      Put this before the command that trains. Its code, data, environment and results are recorded;
      the script stays as it is.
    </Empty>
  );
}
