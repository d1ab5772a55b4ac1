/** Verdicts, commands and sizes in words. */

import { bytesText as sizeText, countText, durationText } from "../../api/words";

export const plural = countText;

export function bytesText(bytes: number | null | undefined): string {
  return bytes == null ? "–" : sizeText(bytes);
}

export function secondsText(seconds: number | null | undefined): string {
  return seconds == null ? "–" : durationText(seconds);
}

export const VERDICTS: Record<string, string> = {
  identical: "Every result came out the same, byte for byte.",
  equivalent: "Results agree: what differs does not matter, or lies within the tolerance.",
  incomplete: "Not everything could be repeated or compared.",
  diverged: "A result came out otherwise.",
};

/** Return arguments as a shell takes them. */
export function commandText(argv: readonly string[]): string {
  return argv
    .map((one) => (/^[\w@%+=:,./-]+$/.test(one) ? one : `'${one.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

/** Return what identifies an object, as short as people read it. */
export function short(digest: string | null | undefined): string {
  return digest ? digest.slice(0, 10) : "–";
}
