/**
 * Lines of several runs as one: their mean at each place, with a band from the smallest to the
 * largest of them. Pure.
 */

import { type Line, placeBefore } from "./line";

const PLACES = 400;

/** Join lines that `groupOf` gives the same name; those with an empty one stay as they are. */
export function grouped(
  lines: readonly Line[],
  groupOf: (line: Line) => string,
  colorOf: (name: string) => string,
): Line[] {
  const found = new Map<string, Line[]>();
  const alone: Line[] = [];
  for (const line of lines) {
    const name = groupOf(line);
    if (!name) alone.push(line);
    else found.set(name, [...(found.get(name) ?? []), line]);
  }
  return [...[...found].map(([name, some]) => joined(name, some, colorOf(name))), ...alone];
}

function joined(name: string, lines: Line[], color: string): Line {
  const x = places(lines);
  const value: (number | null)[] = [];
  const low: (number | null)[] = [];
  const high: (number | null)[] = [];
  for (const at of x) {
    let sum = 0;
    let count = 0;
    let min = Infinity;
    let max = -Infinity;
    for (const line of lines) {
      const here = valueAt(line.x, line.smooth ?? line.value, at);
      if (here === null) continue;
      sum += here;
      count += 1;
      min = Math.min(min, here);
      max = Math.max(max, here);
    }
    value.push(count ? sum / count : null);
    low.push(count ? min : null);
    high.push(count ? max : null);
  }
  const metric = lines[0]?.metric ?? "";
  const label = `${name} (mean of ${lines.length})`;
  const count = lines.reduce((total, line) => total + line.count, 0);
  const own = { key: `group:${name}:${metric}`, run: "", metric, label, color, count };
  return { ...own, x, step: x, time: x, value, low, high, smooth: null };
}

/** Return where to take the mean: where the points are, or evenly where they are very many. */
function places(lines: Line[]): number[] {
  const all = new Set<number>();
  for (const { x } of lines) for (let at = 0; at < x.length; at++) all.add(x[at] as number);
  const sorted = [...all].sort((a, b) => a - b);
  if (sorted.length <= PLACES) return sorted;
  const first = sorted[0] as number;
  const span = (sorted[sorted.length - 1] as number) - first;
  return Array.from({ length: PLACES }, (_, n) => first + (span * n) / (PLACES - 1));
}

/** Return what a line is at a place, straight between its points; null outside of them. */
export function valueAt(
  x: ArrayLike<number>,
  value: ArrayLike<number | null>,
  at: number,
): number | null {
  const before = placeBefore(x, at);
  if (before < 0) return null;
  const left = value[before] ?? null;
  if (x[before] === at) return left;
  if (before + 1 >= x.length) return null;
  const right = value[before + 1] ?? null;
  if (left === null || right === null) return null;
  const from = x[before] as number;
  const share = (at - from) / ((x[before + 1] as number) - from);
  return left + (right - left) * share;
}
