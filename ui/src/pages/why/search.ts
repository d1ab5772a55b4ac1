/** What the address of a trace holds: what is asked about, and how many runs away it looks. */

export const DEPTHS = [1, 2, 4, 6, 10] as const;
export const DEPTH = 4;

export interface WhySearch {
  /** A run, `RUN:metrics.NAME`, `RUN:PATH`, `model:NAME@3`, `data:NAME@2`, a digest, an item. */
  what?: string;
  depth?: number;
}

/** Return what an address says; what makes no sense is left out. */
export function readWhySearch(given: Record<string, unknown>): WhySearch {
  const { what, depth } = given;
  const found: WhySearch = {};
  if ((typeof what === "string" && what) || typeof what === "number") found.what = String(what);
  const known = DEPTHS.find((one) => one === depth);
  if (known && known !== DEPTH) found.depth = known;
  return found;
}
