/** Everybody on one day of the reader's: who works, is awake or asleep at any instant of it. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { api, told } from "../../api";
import { usePeople } from "../../api/people";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { useActions } from "../../shell/actions";
import { type Day, clockText, dayOf, daysLater, shareOf } from "./bands";
import { MeetingTimes } from "./meeting-times";
import { OnCall } from "./on-call";
import { OwnHours } from "./own-hours";
import { PersonRow } from "./row";
import type { PeopleSearch } from "./search";

import "./people.css";

const STEP_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;
const TICK_MS = 30_000;

export function PeoplePage() {
  const { at }: PeopleSearch = useSearch({ strict: false });
  const now = useNow();
  const navigate = useNavigate();
  const [over, setOver] = useState<number | null>(null);
  const chosen = at ?? now;
  const day = dayOf(chosen);
  const shown = over ?? chosen;
  const go = (to: number | null) =>
    void navigate({ to: "/people", search: to === null ? {} : { at: to }, replace: true });
  const found = useQuery({
    queryKey: ["people-bands", day.startMs],
    queryFn: ({ signal }) =>
      told(
        api.GET("/people/bands", {
          params: {
            query: {
              from_ms: day.startMs,
              hours: Math.round((day.endMs - day.startMs) / HOUR_MS) + 96,
            },
          },
          signal,
        }),
      ),
    placeholderData: (before) => before,
  });
  const step = (ms: number) => go(chosen - (chosen % STEP_MS) + ms);
  useActions(
    [
      { label: "Half an hour later", keys: "l", run: () => step(HOUR_MS / 2) },
      { label: "Half an hour earlier", keys: "h", run: () => step(-HOUR_MS / 2) },
      { label: "A day later", keys: "shift+l", run: () => go(daysLater(chosen, 1)) },
      { label: "A day earlier", keys: "shift+h", run: () => go(daysLater(chosen, -1)) },
      { label: "Now", keys: "n", run: () => go(null) },
    ].map((one) => ({ ...one, group: "People" })),
  );
  return (
    <Page
      title="People"
      className="people"
      tools={
        <>
          <OwnHours />
          <Days chosen={chosen} isNow={at === undefined} onGo={go} />
        </>
      }
    >
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : (
        <>
          <div className="people-rows">
            <Scale day={day} chosen={chosen} onGo={go} />
            {found.data?.members.map((one) => (
              <PersonRow
                key={one.member}
                one={one}
                day={day}
                at={shown}
                now={now}
                onOver={setOver}
                onGo={go}
              />
            ))}
          </div>
          <Legend />
          <Assumed />
          {(found.data?.members.length ?? 0) > 1 && <MeetingTimes />}
          <OnCall />
        </>
      )}
    </Page>
  );
}

function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), TICK_MS);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}

interface DaysProps {
  chosen: number;
  isNow: boolean;
  onGo: (to: number | null) => void;
}

function Days({ chosen, isNow, onGo }: DaysProps) {
  const words = new Date(chosen).toLocaleDateString("en", {
    weekday: "short",
    day: "numeric",
    month: "short",
  });
  return (
    <>
      <button
        type="button"
        className="button"
        aria-label="A day earlier"
        onClick={() => onGo(daysLater(chosen, -1))}
      >
        ‹
      </button>
      <span className="people-day number">
        {words} {clockText(chosen)}
      </span>
      <button
        type="button"
        className="button"
        aria-label="A day later"
        onClick={() => onGo(daysLater(chosen, 1))}
      >
        ›
      </button>
      <button type="button" className="button" disabled={isNow} onClick={() => onGo(null)}>
        Now
      </button>
    </>
  );
}

interface ScaleProps {
  day: Day;
  chosen: number;
  onGo: (to: number) => void;
}

/** The hours, and what the instant is slid with. */
function Scale({ day, chosen, onGo }: ScaleProps) {
  const hours: number[] = [];
  for (let hour = 0; hour < 24; hour += 3) hours.push(hour);
  return (
    <div className="people-scale">
      <div className="people-hours" aria-hidden="true">
        {hours.map((hour) => {
          const at = new Date(day.startMs);
          at.setHours(hour);
          return (
            <span
              key={hour}
              className="number"
              style={{ left: `${shareOf(day, at.getTime()) * 100}%` }}
            >
              {String(hour).padStart(2, "0")}
            </span>
          );
        })}
      </div>
      <input
        type="range"
        aria-label="The instant that is looked at"
        aria-valuetext={clockText(chosen)}
        min={day.startMs}
        max={day.endMs - STEP_MS}
        step={STEP_MS}
        value={chosen - (chosen % STEP_MS)}
        onChange={(event) => onGo(Number(event.target.value))}
      />
    </div>
  );
}

function Legend() {
  return (
    <p className="people-legend hint">
      {["working", "focus", "waking", "asleep", "away"].map((one) => (
        <span key={one}>
          <i className={`people-band people-${one}`} /> {one === "waking" ? "awake" : one}
        </span>
      ))}
      <span>in your zone, {Intl.DateTimeFormat().resolvedOptions().timeZone}</span>
    </p>
  );
}

/** Whose hours nobody knows, and what to type. */
function Assumed() {
  const names = usePeople()
    .all.filter((one) => one.assumed)
    .map((one) => one.name);
  if (names.length === 0) return null;
  return (
    <p className="hint">
      Office hours are assumed of {names.join(", ")}: they can say their own with{" "}
      <code>afield hours zone</code> and <code>afield hours set</code>.
    </p>
  );
}
