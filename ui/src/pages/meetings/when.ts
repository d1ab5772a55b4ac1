/** When a meeting is, on the reader's clock and on somebody else's. */

/** Return `Tue 24 Nov, 15:00 to 15:30` of an instant and a later one, in Unix milliseconds. */
export function spanText(fromMs: number, untilMs: number): string {
  const day = { weekday: "short", day: "numeric", month: "short" } as const;
  const clock = { hour: "2-digit", minute: "2-digit" } as const;
  const [from, until] = [new Date(fromMs), new Date(untilMs)];
  const first = `${from.toLocaleDateString("en-GB", day)}, ${from.toLocaleTimeString("en-GB", clock)}`;
  const isOneDay = from.toDateString() === until.toDateString();
  const last = isOneDay ? "" : `${until.toLocaleDateString("en-GB", day)}, `;
  return `${first} to ${last}${until.toLocaleTimeString("en-GB", clock)}`;
}

/** Return the same of what stands on somebody's wall: `2026-11-24T15:00:00+05:30` and so on. */
export function wallText(local: readonly string[]): string {
  const [from = "", until = ""] = local;
  const day = new Date(`${from.slice(0, 10)}T12:00:00`).toLocaleDateString("en-GB", {
    weekday: "short",
  });
  return `${day} ${from.slice(11, 16)} to ${until.slice(11, 16)}`;
}
