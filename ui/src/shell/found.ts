/** Where something that a search found is shown; null while no page shows its kind. */

import { addressOfLink } from "../api/links";
import type { components } from "../api/schema";

export function addressOf(found: components["schemas"]["Found"]): string | null {
  const id = encodeURIComponent(found.id);
  if (found.kind === "run") return `/runs/${id}`;
  if (found.kind === "note") return `/runs/${id}?tab=notes`;
  if (found.kind === "dataset") return `/data/${id}`;
  if (found.kind === "model") return `/models/${id}`;
  if (found.kind === "member") return `/record?member=${id}`;
  return addressOfLink(`${found.kind}:${found.id}`);
}
