/** What a search found, in a person's words, and where it is shown. */

import { addressOfLink, addressOfTalk } from "../api/links";
import type { components } from "../api/schema";

export type Found = components["schemas"]["Found"];

/** What many of a kind are called; in the order in which they are shown. */
export const KINDS: Record<string, string | undefined> = {
  run: "Runs",
  note: "Notes",
  dataset: "Data",
  model: "Models",
  trace: "Traces",
  decision: "Decisions",
  ask: "Asks",
  blocker: "Blockers",
  task: "Tasks",
  review: "Reviews",
  handover: "Handovers",
  meeting: "Meetings",
  page: "Pages",
  standup: "Stand-ups",
  oncall: "On call",
  thread: "What was said",
  member: "People",
};

export function kindText(kind: string): string {
  return KINDS[kind] ?? kind;
}

/** Return where it is shown; null where no page shows its kind. */
export function addressOf({ kind, id }: Found): string | null {
  const name = encodeURIComponent(id);
  if (kind === "run") return `/runs/${name}`;
  if (kind === "note") return `/runs/${name}?tab=notes`;
  if (kind === "dataset") return `/data/${name}`;
  if (kind === "model") return `/models/${name}`;
  if (kind === "thread") return addressOfTalk(id);
  if (kind === "standup") return "/brief";
  if (kind === "member" || kind === "oncall") return "/people";
  return addressOfLink(`${kind}:${id}`);
}

/** Return the command that shows it. */
export function commandOf({ kind, id }: Found): string {
  if (kind === "trace") return `afield traces show ${id}`;
  return kind === "thread" ? `afield thread ${id}` : `afield ${kind} show ${id}`;
}
