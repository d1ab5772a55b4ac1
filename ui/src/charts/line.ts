/**
 * What a chart draws: lines in buckets, each with its own places along the axis.
 * Pure: numbers in, numbers out; nothing here fetches or draws.
 */

export type Axis = "step" | "time" | "relative" | "metric";

/** The part of the axis that is looked at; null: to the end on that side. */
export type Window = readonly [number | null, number | null];

export const WHOLE: Window = [null, null];

export interface Line {
  /** What tells this line from the others of its chart. */
  key: string;
  run: string;
  metric: string;
  label: string;
  color: string;
  /** How many points the buckets stand for. */
  count: number;
  x: ArrayLike<number>;
  step: ArrayLike<number>;
  time: ArrayLike<number>;
  value: ArrayLike<number | null>;
  low: ArrayLike<number | null>;
  high: ArrayLike<number | null>;
  smooth: ArrayLike<number | null> | null;
}

export interface Extent {
  min: number;
  max: number;
}

/** Whether a bucket may stand for more points than one, so that its band says something. */
export function isBucketed(line: Line): boolean {
  return line.count > line.x.length;
}

/** Return the place of the last x that is not above `at`, or -1. */
export function placeBefore(x: ArrayLike<number>, at: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] as number) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Return the place of the x that is nearest to `at`; -1 of no points. */
export function nearest(x: ArrayLike<number>, at: number): number {
  const before = placeBefore(x, at);
  if (before < 0) return x.length ? 0 : -1;
  if (before + 1 >= x.length) return before;
  const left = at - (x[before] as number);
  const right = (x[before + 1] as number) - at;
  return right < left ? before + 1 : before;
}

/** Return from where to where lines go along the axis; null without any point. */
export function extentX(lines: readonly Line[], log: boolean): Extent | null {
  let min = Infinity;
  let max = -Infinity;
  for (const { x } of lines) {
    if (!x.length) continue;
    let first = x[0] as number;
    if (log && first <= 0) {
      const place = placeBefore(x, 0) + 1;
      if (place >= x.length) continue;
      first = x[place] as number;
    }
    min = Math.min(min, first);
    max = Math.max(max, x[x.length - 1] as number);
  }
  return min <= max ? { min, max } : null;
}

/** Return from where to where values go between two places on the axis; null without any. */
export function extentY(
  lines: readonly Line[],
  from: number,
  to: number,
  log: boolean,
  band: boolean,
): Extent | null {
  let min = Infinity;
  let max = -Infinity;
  const take = (value: number | null | undefined) => {
    if (value == null || (log && value <= 0)) return;
    if (value < min) min = value;
    if (value > max) max = value;
  };
  for (const line of lines) {
    const last = Math.min(line.x.length - 1, placeBefore(line.x, to) + 1);
    for (let at = Math.max(0, placeBefore(line.x, from)); at <= last; at++) {
      if (band) {
        take(line.low[at]);
        take(line.high[at]);
      }
      take(line.smooth ? line.smooth[at] : line.value[at]);
      if (!line.smooth) take(line.value[at]);
    }
  }
  return min <= max ? { min, max } : null;
}

/** Widen an extent a little, so that nothing lies on the frame; one value gets room around it. */
export function padded(extent: Extent, log: boolean): [number, number] {
  const { min, max } = extent;
  if (log) {
    const ratio = Math.max(1.05, (max / min) ** 0.04);
    return [min / ratio, max * ratio];
  }
  if (min === max) {
    const room = Math.abs(min) * 0.1 || 1;
    return [min - room, max + room];
  }
  const room = (max - min) * 0.05;
  return [min - room, max + room];
}
