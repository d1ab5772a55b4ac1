/** Numbers and moments in words: the same on every page. Nothing here knows of React. */

const SIZES = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** Return a size as people say it: powers of 1000, at most three digits. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < SIZES.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return `${value.toFixed(digits)} ${SIZES[unit]}`;
}

/** Return a length of time: `0.42 s`, `12.3 s`, `4m 05s`, `3h 12m`, `2d 4h`. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const all = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  if (all < 3600) return `${Math.floor(all / 60)}m ${two(all % 60)}s`;
  if (all < 86_400) return `${Math.floor(all / 3600)}h ${two(Math.floor((all % 3600) / 60))}m`;
  return `${Math.floor(all / 86_400)}d ${Math.floor((all % 86_400) / 3600)}h`;
}

/** Return a number in at most six digits, as a table shows it. */
export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return value.toExponential(3);
  return String(Number(value.toPrecision(5)));
}

/** Return a count with its noun: `1 run`, `12,345 runs`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** Return how long ago it was: `now`, `5 min ago`, `3 h ago`, `yesterday`, else the date. */
export function agoText(at: Date, now: Date): string {
  const seconds = (now.getTime() - at.getTime()) / 1000;
  if (seconds < 0) return dateText(at);
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < 7 * 86_400) return `${Math.round(seconds / 86_400)} d ago`;
  return dateText(at).slice(0, 10);
}

/** Return a moment in the reader's zone: `2026-11-23 05:14`. */
export function dateText(at: Date, seconds = false): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return seconds ? `${day} ${time}:${two(at.getSeconds())}` : `${day} ${time}`;
}

const RESULTS = /(^|[/_.])(acc|accuracy|auc|f1|score|r2|bleu|map|iou|loss|error|rmse|mae)$/i;
const HELD_OUT = /^(test|val|valid|validation|eval)\b|[/_.](test|val|eval)\b/i;

/** Return metrics with those first that are called as results are, on data held out above all. */
export function resultsFirst(names: readonly string[]): string[] {
  const rank = (name: string) => (RESULTS.test(name) ? 2 : 0) + (HELD_OUT.test(name) ? 1 : 0);
  return [...names].sort((a, b) => rank(b) - rank(a));
}
