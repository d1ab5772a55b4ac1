/** Moments and lengths of time, as the reader's clock says them. */

import { useSyncExternalStore } from "react";

import { agoText, dateText, durationText } from "../api/words";

const TICK_MS = 15_000;
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

let now = new Date();
const listeners = new Set<() => void>();
let timer: number | undefined;

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  timer ??= window.setInterval(() => {
    now = new Date();
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(tell);
    if (listeners.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}

interface TimeProps {
  /** As ISO 8601 has it, or in Unix milliseconds. */
  at: string | number;
  /** Minutes that the writer's clock was ahead of UTC; shown on hover. */
  offsetMin?: number | null | undefined;
  /** Say the date and not how long ago. */
  isExact?: boolean;
}

/** A moment: how long ago, or in the reader's zone; on hover also as its writer saw it. */
export function Time({ at, offsetMin, isExact }: TimeProps) {
  const current = useSyncExternalStore(subscribe, () => now);
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return <span>{at}</span>;
  return (
    <time dateTime={moment.toISOString()} title={titleOf(moment, offsetMin)}>
      {isExact ? dateText(moment) : agoText(moment, current)}
    </time>
  );
}

function titleOf(moment: Date, offsetMin: number | null | undefined): string {
  const here = `${dateText(moment, true)} here (${ZONE})`;
  if (offsetMin === null || offsetMin === undefined) return `${here}\n${moment.toISOString()}`;
  const there = new Date(moment.getTime() + offsetMin * 60_000).toISOString();
  const sign = offsetMin < 0 ? "−" : "+";
  const size = Math.abs(offsetMin);
  const zoneThere = `UTC${sign}${Math.floor(size / 60)}:${String(size % 60).padStart(2, "0")}`;
  return `${here}\n${there.slice(0, 19).replace("T", " ")} where it was written (${zoneThere})`;
}

/** A length of time; null is a dash. */
export function Duration({ seconds }: { seconds: number | null | undefined }) {
  if (seconds === null || seconds === undefined) return <span className="faint">–</span>;
  return <span className="number">{durationText(seconds)}</span>;
}
