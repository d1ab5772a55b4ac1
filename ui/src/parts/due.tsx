/** By when something is to be done: red once that is past. */

import { Badge } from "./badge";
import { Time } from "./time";

export function Due({ at }: { at: number | null | undefined }) {
  if (at === null || at === undefined) return null;
  const isLate = at < Date.now();
  return (
    <Badge tone={isLate ? "bad" : "warn"}>
      {isLate ? "was due " : "due "}
      <Time at={new Date(at).toISOString()} />
    </Badge>
  );
}
