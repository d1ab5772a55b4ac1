/** Every state of the page of a model, as it stands in its address. */

export interface ModelSearch {
  /** The version that is talked of: its number, or how a link names it; the newest without it. */
  version?: number | string;
}

/** Return what an address says; what makes no sense is left out. */
export function readModelSearch(given: Record<string, unknown>): ModelSearch {
  const { version } = given;
  return typeof version === "string" || typeof version === "number" ? { version } : {};
}
