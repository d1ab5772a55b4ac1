/** What people did since the reader last looked: by person, with what time it is where they are. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { countText } from "../../api/words";
import { Badge, Status, Verdict } from "../../parts/badge";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Time } from "../../parts/time";
import { kindText, offsetOf, pageOf } from "../record/words";

type Happening = components["schemas"]["HappeningShape"];

const AT_MOST = 300;
const SHOWN_EACH = 12;
const DAYS = [1, 7, 30];
const DAY_MS = 86_400_000;

interface ChangesProps {
  since: string;
  onSince: (since: string) => void;
}

export function Changes({ since, onSince }: ChangesProps) {
  const found = useQuery({
    queryKey: ["activity", since],
    queryFn: ({ signal }) =>
      told(api.GET("/activity", { params: { query: { since, limit: AT_MOST } }, signal })),
  });
  const zones = useZones();
  const people = byPerson(found.data?.happenings ?? []);
  return (
    <section aria-label="What changed">
      <div className="today-head">
        <h2>
          Since <Time at={since} />
        </h2>
        <div className="bar">
          {DAYS.map((days) => (
            <button
              key={days}
              type="button"
              className="button quiet"
              onClick={() => onSince(new Date(Date.now() - days * DAY_MS).toISOString())}
            >
              {days === 1 ? "a day" : `${days} days`}
            </button>
          ))}
        </div>
      </div>
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : !found.data ? (
        <div aria-busy="true" />
      ) : people.length === 0 ? (
        <Empty title="Nothing changed since you last looked.">
          <p>
            <code>afield sync</code> brings what others wrote.
          </p>
        </Empty>
      ) : (
        <div className="today-people">
          {people.map((one) => (
            <Person key={one.member} {...one} zone={zones.get(one.member)} />
          ))}
        </div>
      )}
    </section>
  );
}

/** Return where people's clocks stood when they last wrote, by member. */
function useZones(): Map<string, string> {
  const found = useQuery({
    queryKey: ["journal", "zones"],
    queryFn: ({ signal }) =>
      told(api.GET("/journal", { params: { query: { limit: 500 } }, signal })),
    staleTime: 60_000,
  });
  const zones = new Map<string, string>();
  for (const entry of found.data?.entries ?? []) {
    if (!zones.has(entry.member)) zones.set(entry.member, entry.tz);
  }
  return zones;
}

interface PersonProps {
  member: string;
  by: string;
  happenings: Happening[];
}

function Person({ by, happenings, zone }: PersonProps & { zone: string | undefined }) {
  const offset = zone === undefined ? null : offsetOf(zone);
  const things = together(happenings);
  const more = things.length - SHOWN_EACH;
  return (
    <article className="card">
      <h3>
        {by}
        {offset !== null && <span className="faint"> {clockAt(offset)} there</span>}
        <span className="count">{countText(happenings.length, "change")}</span>
      </h3>
      <ul className="today-list">
        {things.slice(0, SHOWN_EACH).map((one) => (
          <Change key={`${one.at}${one.kind}${one.about}`} one={one} offset={offset} />
        ))}
        {more > 0 && <li className="faint">and {more} more</li>}
      </ul>
    </article>
  );
}

function Change({ one, offset }: { one: Happening; offset: number | null }) {
  const page = pageOf(one.kind, one.about);
  const name = one.name ?? one.about.slice(0, 12);
  return (
    <li>
      <span className="today-when">
        <Time at={one.at} offsetMin={offset} />
      </span>
      <span className="today-what">
        {kindText(one.kind)} {page ? <Link to={page}>{name}</Link> : name}{" "}
        {one.kind === "run.ended" && one.detail && <Status status={one.detail} />}
        {one.kind === "run.reproduced" && one.detail && <Verdict verdict={one.detail} />}
        {one.project && <Badge>{one.project}</Badge>}
      </span>
    </li>
  );
}

/** Return happenings by person, who did most recently first. */
function byPerson(happenings: readonly Happening[]): PersonProps[] {
  const found = new Map<string, PersonProps>();
  for (const one of happenings) {
    const member = one.member ?? one.by ?? "";
    const person = found.get(member) ?? { member, by: one.by ?? "somebody", happenings: [] };
    person.happenings.push(one);
    found.set(member, person);
  }
  return [...found.values()];
}

/** Leave out the beginning of a run whose end is told, too. */
function together(happenings: readonly Happening[]): Happening[] {
  const ended = new Set(
    happenings.filter((one) => one.kind === "run.ended").map((one) => one.about),
  );
  return happenings.filter((one) => one.kind !== "run.started" || !ended.has(one.about));
}

/** Return what a clock shows that is so many minutes ahead of UTC. */
function clockAt(offsetMin: number): string {
  return new Date(Date.now() + offsetMin * 60_000).toISOString().slice(11, 16);
}
