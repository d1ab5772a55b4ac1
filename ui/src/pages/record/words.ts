/** What entries say, in words, and where what they are about is shown. */

const KINDS: Record<string, string> = {
  "run.started": "began",
  "run.params": "told params of",
  "run.tagged": "tagged",
  "run.named": "named",
  "run.captured": "recorded what made",
  "run.measured": "kept the metrics of",
  "run.ended": "ended",
  "run.saved": "kept a file of",
  "run.summary": "summed up",
  "run.noted": "wrote a note on",
  "run.deleted": "deleted or restored",
  "run.reproduced": "repeated",
  "run.imported": "imported",
  "run.reopened": "went on with",
  "run.took": "named the data of",
  "run.gave": "named the models of",
  "dataset.added": "added a version of",
  "dataset.carded": "wrote the data card of",
  "dataset.dropped": "dropped a version of",
  "registry.made": "made the model",
  "registry.versioned": "registered a version of",
  "registry.aliased": "pointed an alias of",
  "registry.staged": "set the stage of",
  "device.introduced": "introduced the device",
  "device.confirmed": "confirmed the device",
  "device.removed": "removed the device",
  "member.introduced": "introduced",
  "member.granted": "gave a role to",
  "member.revoked": "took a role from",
  "record.repaired": "mended the record",
  "journal.seen": "took in what others wrote",
};

/** Return a kind in words: `run.noted` is "wrote a note on". */
export function kindText(kind: string): string {
  const [thing = "", what = ""] = kind.split(".");
  return KINDS[kind] ?? `${what.replaceAll("_", " ")} ${thing}`;
}

/** Return where a subject has its page; null when it has none. */
export function pageOf(kind: string, about: string): string | null {
  const thing = kind.split(".")[0];
  const id = encodeURIComponent(about);
  if (thing === "run") return `/runs/${id}`;
  if (thing === "dataset") return `/data/${id}`;
  return null;
}

/** Return the minutes by which a zone such as `+05:30` is ahead of UTC. */
export function offsetOf(zone: string): number | null {
  const found = /^([+-])(\d\d):(\d\d)$/.exec(zone);
  if (!found) return null;
  const minutes = Number(found[2]) * 60 + Number(found[3]);
  return found[1] === "-" ? -minutes : minutes;
}
