/** A day of the reader's as minutes and stretches. Nothing here knows of React. */

import type { components } from "../../api/schema";

export type Bands = components["schemas"]["Bands"];
export type Band = components["schemas"]["Band"];

export interface Day {
  startMs: number;
  endMs: number;
}

/** Return the reader's day that holds an instant: 23 hours long where the clock goes ahead. */
export function dayOf(atMs: number): Day {
  const start = new Date(atMs);
  start.setHours(0, 0, 0, 0);
  const end = new Date(start);
  end.setDate(end.getDate() + 1);
  return { startMs: start.getTime(), endMs: end.getTime() };
}

/** Return the same time of the clock on another day. */
export function daysLater(atMs: number, days: number): number {
  const at = new Date(atMs);
  at.setDate(at.getDate() + days);
  return at.getTime();
}

/** Return where in a day an instant is, from 0 to 1. */
export function shareOf(day: Day, atMs: number): number {
  const share = (atMs - day.startMs) / (day.endMs - day.startMs);
  return Math.max(0, Math.min(1, share));
}

/** Return the stretch that holds an instant. */
export function bandAt(bands: readonly Band[], atMs: number): Band | undefined {
  return bands.find((one) => one.start_ms <= atMs && atMs < one.end_ms);
}

/** Return when the presence of an instant ends; null when that is beyond what is known. */
export function untilOf(bands: readonly Band[], atMs: number): number | null {
  const now = bandAt(bands, atMs);
  const next = bands.find((one) => one.start_ms > atMs && one.presence !== now?.presence);
  return next?.start_ms ?? null;
}

/** Return when somebody works next after an instant; null when that is beyond what is known. */
export function worksAt(bands: readonly Band[], atMs: number): number | null {
  return bands.find((one) => one.start_ms > atMs && one.presence === "working")?.start_ms ?? null;
}

/** Return the time of a clock, in a zone or the reader's: `14:05`, with the day when that is another. */
export function clockText(atMs: number, zone?: string): string {
  const at = new Date(atMs);
  const said = (timeZone: string | undefined) => ({
    day: at.toLocaleDateString("en", { weekday: "short", timeZone }),
    time: at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone }),
  });
  const there = said(zone);
  return there.day === said(undefined).day ? there.time : `${there.day} ${there.time}`;
}
