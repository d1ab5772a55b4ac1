/** What the address of the people's page holds: the instant that is looked at. */

export interface PeopleSearch {
  /** Unix milliseconds; now when it is left out. */
  at?: number;
}

const LAST_MS = 4_102_444_800_000;

export function readPeopleSearch(raw: Record<string, unknown>): PeopleSearch {
  const at = Number(raw["at"]);
  return Number.isInteger(at) && at > 0 && at < LAST_MS ? { at } : {};
}
