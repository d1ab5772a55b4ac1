/** Calling colleagues in a text: `@name`, as the server reads it. Nothing here asks the server. */

import type { Person } from "./people";

const SHOWN_MAX = 8;
const WORD = "[\\p{L}\\p{N}_]";
const BEGUN = new RegExp(`(?:^|(?!${WORD})[^@/])@([\\p{L}\\p{N}_.-]{0,62})$`, "u");
const CALL = new RegExp(`(?<!${WORD}|[@/])@(${WORD}(?:[\\p{L}\\p{N}_.-]{0,60}${WORD})?)`, "gu");
const PLAIN = /^[\p{L}\p{N}](?:[\p{L}\p{N} .-]{0,60}[\p{L}\p{N}])?$/u;

/** What is written of a name, and where it begins: behind the `@`. */
export interface Begun {
  text: string;
  start: number;
}

/** Return the name that is being written at the caret; null where none is. */
export function begunAt(text: string, caret: number): Begun | null {
  const found = BEGUN.exec(text.slice(0, caret))?.[1];
  return found === undefined ? null : { text: found, start: caret - found.length };
}

/** Return whom the beginning of a name can mean: whole names first, then any word of one. */
export function fitting(begun: string, people: readonly Person[]): Person[] {
  const asked = plain(begun);
  const ranked = people.flatMap((one) => {
    const name = plain(one.name);
    if (name.startsWith(asked)) return [{ one, rank: 0 }];
    return name.split(/\s+/).some((word) => word.startsWith(asked)) ? [{ one, rank: 1 }] : [];
  });
  ranked.sort((a, b) => a.rank - b.rank);
  return ranked.slice(0, SHOWN_MAX).map(({ one }) => one);
}

/** Return what calls a member and nobody else: their name in one word, or their id. */
export function callOf(person: Person, people: readonly Person[]): string {
  const name = plain(person.name);
  const isAlone = people.filter((one) => plain(one.name) === name).length === 1;
  return isAlone && name !== "me" && PLAIN.test(person.name)
    ? person.name.replaceAll(" ", "_")
    : person.member;
}

/** Return a text in parts; those that call one of these members have them beside. */
export function parts(
  text: string,
  called: readonly Person[],
): { text: string; person: Person | null }[] {
  const found: { text: string; person: Person | null }[] = [];
  let end = 0;
  for (const call of text.matchAll(CALL)) {
    const person = meant(call[1] ?? "", called);
    if (!person) continue;
    found.push({ text: text.slice(end, call.index), person: null });
    found.push({ text: call[0], person });
    end = call.index + call[0].length;
  }
  return [...found, { text: text.slice(end), person: null }];
}

function meant(call: string, people: readonly Person[]): Person | undefined {
  const asked = plain(call);
  return (
    people.find((one) => one.member === call || plain(one.name) === asked) ??
    people.find((one) => plain(one.name).split(/\s+/).includes(asked)) ??
    people.find((one) => plain(one.name).startsWith(asked))
  );
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll("_", " ");
}
