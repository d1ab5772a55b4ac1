/** What the address of a search holds: the words, and the one kind that is shown. */

import { KINDS } from "../../shell/found";

export interface WordSearch {
  q?: string;
  kind?: string;
}

/** Return what an address says; what makes no sense is left out. */
export function readWordSearch(given: Record<string, unknown>): WordSearch {
  const { q, kind } = given;
  const found: WordSearch = {};
  if ((typeof q === "string" && q) || typeof q === "number") found.q = String(q);
  if (typeof kind === "string" && kind in KINDS) found.kind = kind;
  return found;
}
