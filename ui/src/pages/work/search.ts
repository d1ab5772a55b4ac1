/** What the address of the work page holds: which kind of thing, and whether what is over, too. */

export const KINDS = ["asks", "blockers", "tasks", "decisions", "reviews"] as const;
export type Kind = (typeof KINDS)[number];

export interface WorkSearch {
  tab?: Kind;
  closed?: boolean;
}

export function readWorkSearch(raw: Record<string, unknown>): WorkSearch {
  const tab = KINDS.find((one) => one === raw["tab"] && one !== "asks");
  return { ...(tab ? { tab } : {}), ...(raw["closed"] === true ? { closed: true } : {}) };
}
