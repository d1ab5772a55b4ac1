/** What the brief's address holds: since when it looks back. */

export interface BriefSearch {
  since?: string;
}

export function readBriefSearch(raw: Record<string, unknown>): BriefSearch {
  const since = raw["since"];
  return typeof since === "string" && since.length <= 40 ? { since } : {};
}
