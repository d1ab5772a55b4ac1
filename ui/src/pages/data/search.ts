/** Every state of the pages of data, as it stands in their addresses. */

export const TABS = ["columns", "rows", "files", "changes", "used", "card", "talk"] as const;
export type DataTab = (typeof TABS)[number];

export interface DataSearch {
  tab?: DataTab;
  find?: string;
  path?: string;
  /** The version that this one is compared with: a number. */
  against?: number;
}

export type SetData = (
  part: { [key in keyof DataSearch]?: DataSearch[key] | undefined },
  how?: { replace?: boolean },
) => void;

/** Return what an address says; what makes no sense is left out. */
export function readDataSearch(given: Record<string, unknown>): DataSearch {
  const found: DataSearch = {};
  const tab = TABS.find((one) => one === given.tab);
  if (tab) found.tab = tab;
  if (typeof given.find === "string") found.find = given.find;
  if (typeof given.path === "string") found.path = given.path;
  if (typeof given.against === "number") found.against = given.against;
  return found;
}

export interface ListSearch {
  find?: string;
}

/** Return what the address of a list says. */
export function readListSearch(given: Record<string, unknown>): ListSearch {
  return typeof given.find === "string" && given.find ? { find: given.find } : {};
}
