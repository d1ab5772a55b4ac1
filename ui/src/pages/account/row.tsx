/** One thing of an account in a list: what it is, what is known of it, and an end to it. */

import type { ReactNode } from "react";

interface RowProps {
  what: ReactNode;
  about: ReactNode;
  /** What takes it away; without one it stays. */
  end?: { label: string; isBusy: boolean; run: () => void } | undefined;
  /** Further buttons, before that one. */
  more?: ReactNode;
}

export function Row({ what, about, end, more }: RowProps) {
  return (
    <li>
      <span className="account-what">{what}</span>
      <span className="faint">{about}</span>
      {(more || end) && (
        <span className="bar">
          {more}
          {end && (
            <button type="button" className="button" disabled={end.isBusy} onClick={end.run}>
              {end.label}
            </button>
          )}
        </span>
      )}
    </li>
  );
}
