/** The runs of a comparison by colour; each leads to its page. */

import { Link } from "@tanstack/react-router";

import type { ShownRun } from "../../charts/series";

const SHOWN_MAX = 40;

interface LegendProps {
  shown: readonly ShownRun[];
  /** The names are of groups and lead nowhere. */
  isGroups?: boolean;
  chosen?: string | null;
  onChosen?: (id: string | null) => void;
}

export function Legend({ shown, isGroups, chosen, onChosen }: LegendProps) {
  const more = shown.length - SHOWN_MAX;
  return (
    <ul className="legend" aria-label="Runs">
      {shown.slice(0, SHOWN_MAX).map((run) => (
        <li
          key={run.id}
          className={chosen === run.id ? "is-chosen" : undefined}
          onMouseEnter={() => onChosen?.(run.id)}
          onMouseLeave={() => onChosen?.(null)}
        >
          <span className="swatch" style={{ background: run.color }} aria-hidden="true" />
          {isGroups ? (
            run.label
          ) : (
            <Link to="/runs/$run" params={{ run: run.id }}>
              {run.label}
            </Link>
          )}
        </li>
      ))}
      {more > 0 && <li className="faint">and {more} more</li>}
    </ul>
  );
}
