/** Colours of lines: told apart by most people, on light and on dark paper. */

const HUES = [
  "#2f7ed8",
  "#e0632d",
  "#2a9d6f",
  "#b3589a",
  "#c99700",
  "#6a5acd",
  "#d1495b",
  "#1f9bb0",
  "#8a6d3b",
  "#5c8a2e",
  "#9467bd",
  "#7f7f7f",
] as const;

/** Return the colour of the line with this number. */
export function colorAt(index: number): string {
  return HUES[index % HUES.length] as string;
}

/** Return the colour of a run: the same on every page, whatever else is shown. */
export function colorOf(id: string): string {
  let sum = 0;
  for (let at = 0; at < id.length; at++) sum = (sum * 31 + id.charCodeAt(at)) >>> 0;
  return colorAt(sum);
}

/** Return colours for runs shown together: no two alike while there are enough. */
export function colorsOf(ids: readonly string[]): Map<string, string> {
  const taken = new Set<string>();
  const found = new Map<string, string>();
  for (const id of ids) {
    const own = colorOf(id);
    const free = HUES.find((one) => !taken.has(one));
    const color = taken.has(own) && free ? free : own;
    taken.add(color);
    found.set(id, color);
  }
  return found;
}
