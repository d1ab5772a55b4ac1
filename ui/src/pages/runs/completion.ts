/** What can be written next in a query. Nothing here knows of React or of the server. */

import { quoted } from "./search";

const FIELDS = [
  "metrics.",
  "params.",
  "tags.",
  "summary.",
  "name",
  "status",
  "started",
  "ended",
  "duration",
  "user",
  "project",
  "experiment",
  "verdict",
  "exception",
  "exit_code",
  "failure",
  "branch",
  "commit",
  "host",
  "python",
  "id",
  "kind",
  "device",
  "member",
  "parent",
  "reproduces",
];
const STATES = ["running", "finished", "failed", "killed", "interrupted"];
const VERDICTS = ["identical", "equivalent", "diverged", "incomplete"];
const COMPARES = ["=", "!=", ">", "<", ">=", "<=", "like", "in", "is null", "is not null"];
const JOINS = ["and", "or", "order by"];
const SHOWN_MAX = 12;

interface Word {
  text: string;
  start: number;
}

/** Return the word that ends at the caret. */
export function wordAt(text: string, caret: number): Word {
  const before = text.slice(0, caret);
  const found = /[\w./-]*$/.exec(before)?.[0] ?? "";
  return { text: found, start: caret - found.length };
}

/** Return what may stand at the caret; `names` are those of the scope that is being written. */
export function suggestions(text: string, caret: number, names: readonly string[]): string[] {
  const { text: word, start } = wordAt(text, caret);
  const before = text.slice(0, start).trimEnd();
  const scope = /^(params|metrics|tags)\./.exec(word)?.[1];
  if (scope)
    return names
      .map((one) => quoted(`${scope}.${one}`))
      .filter((one) => one !== word)
      .slice(0, SHOWN_MAX);
  const fitting = (all: readonly string[]) => {
    const fits = all.filter((one) => one.startsWith(word.toLowerCase()) && one !== word);
    return fits.slice(0, SHOWN_MAX);
  };
  const compared = /(\w+)\s*(=|!=)$/.exec(before);
  if (compared?.[1] === "status") return fitting(STATES);
  if (compared?.[1] === "verdict") return fitting(VERDICTS);
  if (/[=<>]$/.test(before)) return [];
  if (before === "" || /(\b(and|or|not|by)|[(,])$/i.test(before)) return fitting(FIELDS);
  if (/\border\s+by\s+\S+$/i.test(before)) return fitting(["asc", "desc"]);
  if (/([=<>]|\blike|\bilike)\s*("[^"]*"|'[^']*'|[\w.+-]+)$|\bnull$|\)$/i.test(before))
    return fitting(JOINS);
  return fitting(COMPARES);
}

/** Return the text with the word at the caret replaced, and where the caret is then. */
export function completed(
  text: string,
  caret: number,
  suggestion: string,
): { text: string; caret: number } {
  const { start } = wordAt(text, caret);
  const space = suggestion.endsWith(".") ? "" : " ";
  const head = `${text.slice(0, start)}${suggestion}${space}`;
  return { text: head + text.slice(caret).trimStart(), caret: head.length };
}
