/** The journal as a time line, newest first, by person, kind and project; each with its state. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { api, told } from "../../api";
import { countText, dateText } from "../../api/words";
import type { components } from "../../api/schema";
import { Badge } from "../../parts/badge";
import { Command } from "../../parts/code";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Time } from "../../parts/time";
import type { RecordSearch } from "./search";
import { kindText, offsetOf, pageOf } from "./words";

type Entry = components["schemas"]["EntryShape"];

const AT_ONCE = 100;
const KINDS = {
  run: "runs",
  dataset: "data",
  registry: "models",
  trace: "traces",
  device: "devices",
  member: "people",
};
const STATES = {
  signed: ["good", "signed", "A seal of its device covers it, and it verifies."],
  open: ["info", "open", "It verifies; its device has not signed it yet."],
  waits: ["warn", "waits", "Nobody has confirmed its device: it does not count."],
} as const;

interface EntriesProps {
  search: RecordSearch;
  setSearch: (part: { [key in keyof RecordSearch]?: RecordSearch[key] | undefined }) => void;
}

export default function Entries({ search, setSearch }: EntriesProps) {
  const { member, kind, project, about } = search;
  const asked = {
    ...(member && { member }),
    ...(kind && { kind }),
    ...(project && { project }),
    ...(about && { about }),
  };
  const found = useInfiniteQuery({
    queryKey: ["journal", asked],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) =>
      told(
        api.GET("/journal", {
          params: {
            query: { ...asked, limit: AT_ONCE, ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const sharing = useQuery({
    queryKey: ["devices"],
    queryFn: ({ signal }) => told(api.GET("/devices", { signal })),
  });
  const people = new Map((sharing.data?.devices ?? []).map((one) => [one.member, one.by]));
  const entries = found.data?.pages.flatMap((page) => page.entries) ?? [];
  const damage = found.data?.pages[0]?.damage ?? [];
  return (
    <>
      <div className="bar">
        <label>
          Person{" "}
          <select
            value={member ?? ""}
            onChange={(event) => setSearch({ member: event.target.value || undefined })}
          >
            <option value="">everybody</option>
            {[...people].map(([id, name]) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          About{" "}
          <select
            value={kind ?? ""}
            onChange={(event) => setSearch({ kind: event.target.value || undefined })}
          >
            <option value="">everything</option>
            {Object.entries(KINDS).map(([one, words]) => (
              <option key={one} value={one}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <label>
          Project{" "}
          <input
            type="search"
            placeholder="any"
            defaultValue={project ?? ""}
            key={project ?? ""}
            onBlur={(event) => setSearch({ project: event.target.value || undefined })}
            onKeyDown={(event) =>
              event.key === "Enter" &&
              setSearch({ project: event.currentTarget.value || undefined })
            }
          />
        </label>
        {about && (
          <button type="button" className="button" onClick={() => setSearch({ about: undefined })}>
            Only {about} ✕
          </button>
        )}
      </div>
      {damage.length > 0 && (
        <div className="error-note" role="alert">
          <p className="error-text">Something of the record is damaged: {damage[0]}</p>
          <Command text="afield verify" />
        </div>
      )}
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : found.isPending ? (
        <div aria-busy="true" />
      ) : entries.length === 0 && !found.hasNextPage ? (
        <Empty title="Nothing was written that fits." command="afield run python train.py" />
      ) : (
        <Days entries={entries} onAbout={(one) => setSearch({ about: one })} />
      )}
      {found.hasNextPage && (
        <button
          type="button"
          className="button"
          disabled={found.isFetchingNextPage}
          onClick={() => void found.fetchNextPage()}
        >
          {found.isFetchingNextPage ? "Reading …" : "Earlier"}
        </button>
      )}
    </>
  );
}

function Days({
  entries,
  onAbout,
}: {
  entries: readonly Entry[];
  onAbout: (about: string) => void;
}) {
  const days = new Map<string, Entry[]>();
  for (const entry of entries) {
    const day = dateText(new Date(entry.at)).slice(0, 10);
    days.set(day, [...(days.get(day) ?? []), entry]);
  }
  return [...days].map(([day, some]) => (
    <section key={day} className="record-day">
      <h2>
        {day} <span className="count">{countText(some.length, "entry", "entries")}</span>
      </h2>
      <ol className="record-line">
        {some.map((entry) => (
          <EntryRow key={`${entry.device}${entry.seq}`} entry={entry} onAbout={onAbout} />
        ))}
      </ol>
    </section>
  ));
}

function EntryRow({ entry, onAbout }: { entry: Entry; onAbout: (about: string) => void }) {
  const [tone, word, why] = STATES[entry.state];
  const page = pageOf(entry.kind, entry.about);
  const name = entry.name ?? entry.about.slice(0, 12);
  return (
    <li>
      <span className="record-time">
        <Time at={entry.at} offsetMin={offsetOf(entry.tz)} />
      </span>
      <span className="record-what">
        <b>{entry.by}</b> {kindText(entry.kind)}{" "}
        {page ? <Link to={page}>{name}</Link> : <code>{name}</code>}
        {entry.project && <span className="faint"> in {entry.project}</span>}
      </span>
      <button
        type="button"
        className="link record-more"
        title={`Entry ${entry.seq} of device ${entry.device}\n${entry.digest}`}
        onClick={() => onAbout(entry.about)}
      >
        {entry.kind}
      </button>
      <Badge tone={tone} title={why}>
        {word}
      </Badge>
    </li>
  );
}
