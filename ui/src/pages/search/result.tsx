/** One thing that was found: what it is called, of whom and when, and its words with marks. */

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { CopyButton } from "../../parts/copy-button";
import { Time } from "../../parts/time";
import { addressOf, commandOf, type Found } from "../../shell/found";

export function Result({ one }: { one: Found }) {
  const address = addressOf(one);
  const command = commandOf(one);
  return (
    <li className="found-one">
      <p className="found-head">
        {address ? (
          <Link to={address} className="found-name">
            {one.label}
          </Link>
        ) : (
          <>
            <span className="found-name">{one.label}</span>
            <CopyButton text={command} label="Copy the command that shows it" />
          </>
        )}
        <span className="found-made">
          {one.project && `${one.project} · `}
          {one.by && `${one.by} · `}
          {one.at && <Time at={one.at} />}
        </span>
      </p>
      {one.excerpt ? (
        <p className="found-text">{marked(one.excerpt)}</p>
      ) : (
        one.detail && <p className="found-text">{one.detail}</p>
      )}
    </li>
  );
}

/** Return an excerpt with its words marked; marks count characters, not UTF-16 units. */
function marked({ text, marks }: NonNullable<Found["excerpt"]>): ReactNode[] {
  const signs = Array.from(text);
  const parts: ReactNode[] = [];
  let done = 0;
  for (const [begin = 0, end = 0] of marks) {
    parts.push(signs.slice(done, begin).join(""));
    parts.push(<mark key={begin}>{signs.slice(begin, end).join("")}</mark>);
    done = end;
  }
  return [...parts, signs.slice(done).join("")];
}
