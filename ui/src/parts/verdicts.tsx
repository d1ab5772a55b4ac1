/** Verdicts of reviews, as they are shown and as they are given. */

import { api, told } from "../api";
import type { components } from "../api/schema";
import { Badge, type Tone } from "./badge";
import type { Saying } from "./say";

type Verdict = components["schemas"]["Judgement"]["verdict"];

const TONES: Record<string, Tone> = {
  approve: "good",
  reproduced: "good",
  "request-changes": "bad",
  "could-not-reproduce": "bad",
};
const STATES: Record<string, Tone> = {
  open: "info",
  approved: "good",
  "changes-requested": "bad",
};

export function Found({ verdict }: { verdict: string }) {
  return <Badge tone={TONES[verdict] ?? "quiet"}>{verdict.replaceAll("-", " ")}</Badge>;
}

export function ReviewState({ state }: { state: string }) {
  return <Badge tone={STATES[state] ?? "quiet"}>{state.replaceAll("-", " ")}</Badge>;
}

/** Return what a reader can say to a review: by keys what decides nothing; to approve needs no word. */
export function judgements(item: string): readonly Saying[] {
  const judge = (label: string, verdict: Verdict, isMute = false) => ({
    label,
    isMute,
    say: (text: string) =>
      told(
        api.POST("/reviews/{item}/verdicts", {
          params: { path: { item } },
          body: { verdict, text },
        }),
      ),
  });
  return [
    judge("Comment", "comment"),
    judge("Approve", "approve", true),
    judge("Request changes", "request-changes"),
  ];
}
