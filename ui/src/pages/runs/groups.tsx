/** The values of the field by which the runs are grouped; one of them can be opened. */

import { ErrorNote } from "../../parts/error-note";
import { Time } from "../../parts/time";
import { useGroups } from "./data";
import { labelOf } from "./columns";

interface GroupsProps {
  by: string;
  query: string;
  isDeleted: boolean;
  /** The value of the group that is open; null: the runs without one; undefined: all runs. */
  open: string | null | undefined;
  onOpen: (value: string | null | undefined) => void;
}

export function Groups({ by, query, isDeleted, open, onOpen }: GroupsProps) {
  const found = useGroups(by, query, isDeleted);
  if (found.error) return <ErrorNote error={found.error} />;
  const groups = found.data?.groups ?? [];
  const most = Math.max(1, ...groups.map((one) => one.runs));
  return (
    <section className="runs-groups" aria-label={`Groups by ${labelOf(by)}`}>
      <h2>{labelOf(by)}</h2>
      <ul>
        <li>
          <button type="button" aria-pressed={open === undefined} onClick={() => onOpen(undefined)}>
            <span className="runs-group-name">All</span>
          </button>
        </li>
        {groups.map((one) => (
          <li key={one.value ?? ""}>
            <button
              type="button"
              aria-pressed={one.value === open}
              onClick={() => onOpen(one.value)}
            >
              <span className="runs-group-name" title={one.value ?? undefined}>
                {one.value ?? "without"}
              </span>
              <span className="count">{one.runs.toLocaleString("en")}</span>
              <span className="runs-group-bar" style={{ width: `${(one.runs / most) * 100}%` }} />
              {one.newest_ms !== null && (
                <span className="faint runs-group-time">
                  <Time at={new Date(one.newest_ms).toISOString()} />
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
