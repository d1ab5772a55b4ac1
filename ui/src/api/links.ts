/** Where what a link names is shown: `run:<id>`, `data:<name>@<tree>`, `handover:<id>` and so on. */

/** Return the address of what a link names; null while no page shows its kind. */
export function addressOfLink(link: string): string | null {
  const [kind, rest] = [link.slice(0, link.indexOf(":")), link.slice(link.indexOf(":") + 1)];
  const [id = "", version] = rest.split("@");
  const name = encodeURIComponent(id);
  if (kind === "run") return `/runs/${name}`;
  if (kind === "data") return `/data/${encodeURIComponent(rest)}`;
  if (kind === "model") return `/models/${name}${version ? `?version=${version}` : ""}`;
  if (kind === "trace") return `/traces/${name}`;
  if (kind === "handover") return `/handovers/${name}`;
  if (kind === "decision") return `/decisions/${name}`;
  if (kind === "review") return `/reviews/${name}`;
  if (kind === "page") return `/pages/${name}`;
  if (kind === "meeting") return `/meetings/${name}`;
  if (kind === "member") return "/people";
  if (kind === "ask") return `/work?closed=true#${name}`;
  if (kind === "blocker") return `/work?tab=blockers&closed=true#${name}`;
  if (kind === "task") return `/work?tab=tasks&closed=true#${name}`;
  return null;
}

/** Return the address of what was said about what a link names. */
export function addressOfTalk(link: string): string | null {
  const address = addressOfLink(link);
  return address && /^(run|data):/.test(link) ? `${address}?tab=talk` : address;
}

/** Return what opens a link on the command line, where no page does. */
export function commandOfLink(link: string): string {
  const [kind, rest] = [link.slice(0, link.indexOf(":")), link.slice(link.indexOf(":") + 1)];
  return kind === "thread" ? `afield thread ${link}` : `afield ${kind} show ${rest.slice(0, 8)}`;
}
