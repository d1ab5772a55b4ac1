/** Severity and state of a handover, by word, shape and colour. */

import { Badge, type Tone } from "../../parts/badge";

const SEVERITIES: Record<string, [Tone, string]> = {
  stable: ["good", "○"],
  watch: ["warn", "◐"],
  unstable: ["bad", "●"],
};

export function Severity({ severity, topic }: { severity: string; topic: string }) {
  const word = severity === "unstable" && topic === "firing" ? topic : severity;
  const [tone, sign] = SEVERITIES[severity] ?? ["quiet", ""];
  return (
    <Badge tone={tone}>
      <span aria-hidden="true">{sign}</span> {word}
    </Badge>
  );
}

const STATES: Record<string, Tone> = {
  draft: "quiet",
  offered: "info",
  questioned: "warn",
  partly: "warn",
  accepted: "good",
  declined: "bad",
  withdrawn: "quiet",
  waiting: "info",
};

export function State({ state }: { state: string }) {
  return <Badge tone={STATES[state] ?? "quiet"}>{state}</Badge>;
}
