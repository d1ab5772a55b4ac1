/** One person: their day as a band, what time it is for them, and whether they can be asked. */

import type { PointerEvent } from "react";

import { Badge } from "../../parts/badge";
import {
  type Bands,
  type Band,
  bandAt,
  clockText,
  type Day,
  shareOf,
  untilOf,
  worksAt,
} from "./bands";

const STEP_MS = 5 * 60_000;
const WORDS = { working: "working", waking: "awake", asleep: "asleep" } as const;

interface PersonRowProps {
  one: Bands;
  day: Day;
  at: number;
  now: number;
  onOver: (at: number | null) => void;
  onGo: (at: number) => void;
}

export function PersonRow({ one, day, at, now, onOver, onGo }: PersonRowProps) {
  const band = bandAt(one.bands, at);
  const under = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = Math.max(0, Math.min(0.9999, (event.clientX - box.left) / box.width));
    const ms = day.startMs + share * (day.endMs - day.startMs);
    return ms - (ms % STEP_MS);
  };
  const isToday = now >= day.startMs && now < day.endMs;
  return (
    <section className="people-row" aria-label={one.name}>
      <div className="people-who">
        <h2>{one.name}</h2>
        {band && (
          <>
            <p className="people-clock">
              <b className="number">{clockText(at, band.zone)}</b>{" "}
              <span className="faint">{cityOf(band.zone)}</span>
            </p>
            <Told bands={one.bands} band={band} at={at} />
          </>
        )}
      </div>
      <div
        className="people-track"
        onPointerMove={(event) => event.pointerType === "mouse" && onOver(under(event))}
        onPointerLeave={() => onOver(null)}
        onPointerDown={(event) => onGo(under(event))}
      >
        {one.bands
          .filter((each) => each.start_ms < day.endMs)
          .map((each) => {
            const left = shareOf(day, each.start_ms);
            const width = shareOf(day, each.end_ms) - left;
            return (
              <i
                key={each.start_ms}
                className={`people-band ${classOf(each)}`}
                style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
              />
            );
          })}
        {isToday && <i className="people-now" style={{ left: `${shareOf(day, now) * 100}%` }} />}
        <i className="people-at" style={{ left: `${shareOf(day, at) * 100}%` }} />
      </div>
    </section>
  );
}

function classOf(band: Band): string {
  if (band.away && band.presence === "waking") return "people-away";
  if (band.focus && band.presence === "working") return "people-focus";
  return `people-${band.presence}`;
}

/** How somebody can be met at an instant, and when they work next where they do not. */
function Told({ bands, band, at }: { bands: readonly Band[]; band: Band; at: number }) {
  const until = untilOf(bands, at);
  const next = worksAt(bands, at);
  if (band.presence === "working") {
    return (
      <p className="people-told">
        {band.focus ? <Badge tone="warn">in focus</Badge> : <Badge tone="good">can be asked</Badge>}
        <span className="hint">{until !== null && `works until ${clockText(until)}`}</span>
      </p>
    );
  }
  return (
    <p className="people-told">
      <Badge tone={band.away ? "warn" : band.presence === "waking" ? "info" : "quiet"}>
        {band.away ? "away" : WORDS[band.presence]}
      </Badge>
      <span className="hint">
        {next === null
          ? "not back in four days"
          : `works from ${dayText(next, at)}${clockText(next)}`}
      </span>
    </p>
  );
}

/** Return the weekday of an instant when it is not that of another. */
function dayText(of: number, at: number): string {
  const said = (ms: number) => new Date(ms).toDateString();
  if (said(of) === said(at)) return "";
  return `${new Date(of).toLocaleDateString("en", { weekday: "short" })} `;
}

function cityOf(zone: string): string {
  return (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");
}
