/** A word with a meaning: states and verdicts, told by word and shape as well as by colour. */

import type { ReactNode } from "react";

export type Tone = "good" | "warn" | "bad" | "info" | "quiet";

export function Badge({
  tone = "quiet",
  title,
  children,
}: {
  tone?: Tone;
  title?: string;
  children: ReactNode;
}) {
  return (
    <span className={`badge badge-${tone}`} title={title}>
      {children}
    </span>
  );
}

const STATES: Record<string, Tone> = {
  finished: "good",
  done: "good",
  running: "info",
  failed: "bad",
  killed: "warn",
  interrupted: "warn",
};

/** The state of a run. */
export function Status({ status }: { status: string }) {
  return (
    <span className={`status status-${STATES[status] ?? "quiet"}`}>
      <span className="status-dot" aria-hidden="true" /> {status}
    </span>
  );
}

const VERDICTS: Record<string, [Tone, string]> = {
  identical: ["good", "≡"],
  equivalent: ["good", "≈"],
  diverged: ["bad", "≠"],
  incomplete: ["warn", "?"],
};

/** The verdict of a reproduction. */
export function Verdict({ verdict }: { verdict: string }) {
  const [tone, sign] = VERDICTS[verdict] ?? ["quiet", ""];
  return (
    <Badge tone={tone}>
      <span aria-hidden="true">{sign}</span> {verdict}
    </Badge>
  );
}
