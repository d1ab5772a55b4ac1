/** Where something that a search found is shown; null while no page shows its kind. */

import type { components } from "../api/schema";

export function addressOf(found: components["schemas"]["Found"]): string | null {
  const id = encodeURIComponent(found.id);
  if (found.kind === "run" || found.kind === "note") return `/runs/${id}`;
  if (found.kind === "member") return `/runs?q=${encodeURIComponent(`member = "${found.id}"`)}`;
  return null;
}
