/** Every state of the page of the record, as it stands in its address. */

export const TABS = ["entries", "lineage", "devices"] as const;
export type RecordTab = (typeof TABS)[number];

export interface RecordSearch {
  tab?: RecordTab;
  member?: string;
  kind?: string;
  project?: string;
  about?: string;
  /** Whose lineage is shown: a run, a file of one, a version of data or of a model. */
  of?: string;
  depth?: number;
}

/** Return what an address says; what makes no sense is left out. */
export function readRecordSearch(given: Record<string, unknown>): RecordSearch {
  const found: RecordSearch = {};
  for (const name of ["member", "kind", "project", "about", "of"] as const) {
    const value = given[name];
    if (typeof value === "string" && value) found[name] = value;
  }
  if (given.tab === "lineage" || given.tab === "devices") found.tab = given.tab;
  if (typeof given.depth === "number") found.depth = given.depth;
  return found;
}
