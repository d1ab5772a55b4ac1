/**
 * What can be done now, and with which keys: pages say it with `useActions`, the command menu and
 * the list of keys show it, and one listener obeys. Keys are `c`, `g r` (one after another),
 * `shift+d`, `mod+k` (Ctrl, on a Mac ⌘).
 */

import { useEffect, useId, useRef, useSyncExternalStore } from "react";

export interface Action {
  /** What it does, as the menu says it: "Compare the chosen runs". */
  label: string;
  run: () => void;
  keys?: string | undefined;
  /** The heading under which it is listed. */
  group: string;
  /** Do not list it in the menu: it only makes sense by its key. */
  keysOnly?: boolean;
}

const SEQUENCE_MS = 900;
const sets = new Map<string, readonly Action[]>();
const listeners = new Set<() => void>();
let all: readonly Action[] = [];

function changed() {
  all = [...sets.values()].flat();
  for (const tell of listeners) tell();
}

/** Offer actions while this component is on the screen. */
export function useActions(actions: readonly Action[]): void {
  const id = useId();
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  const signature = actions.map((one) => `${one.group}|${one.label}|${one.keys ?? ""}`).join("\n");
  useEffect(() => {
    const stable = latest.current.map((one, index) => ({
      ...one,
      run: () => latest.current[index]?.run(),
    }));
    sets.set(id, stable);
    changed();
    return () => {
      sets.delete(id);
      changed();
    };
  }, [id, signature]);
}

/** Return everything that can be done now. */
export function useAllActions(): readonly Action[] {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => all,
  );
}

export const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);

/** Return keys as they stand on the reader's keyboard. */
export function keysText(keys: string): string[] {
  return keys.split(" ").map((one) =>
    one
      .split("+")
      .map((part) => NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part))
      .join(IS_MAC ? "" : "+"),
  );
}

const NAMES: Record<string, string> = {
  mod: IS_MAC ? "⌘" : "Ctrl",
  shift: IS_MAC ? "⇧" : "Shift",
  enter: "Enter",
  escape: "Esc",
};

function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function pressed(event: KeyboardEvent): string {
  const key = event.key.toLowerCase();
  const mod = event.metaKey || event.ctrlKey ? "mod+" : "";
  const shift = event.shiftKey && /^[a-z]$|^.{2,}$/.test(key) ? "shift+" : "";
  return `${mod}${shift}${key}`;
}

/** Obey the keys of all actions; called once, by the shell. */
export function useKeys(): void {
  useEffect(() => {
    let before = "";
    let since = 0;
    const hear = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || event.isComposing) return;
      const now = pressed(event);
      if (isWriting(event.target) && !now.startsWith("mod+")) return;
      if (document.querySelector("dialog[open]") && !now.startsWith("mod+")) return;
      const both = Date.now() - since < SEQUENCE_MS ? `${before} ${now}` : now;
      const found =
        all.findLast((one) => one.keys === both) ?? all.findLast((one) => one.keys === now);
      before = now;
      since = found ? 0 : Date.now();
      if (!found) return;
      const onControl =
        event.target instanceof HTMLElement && /^(A|BUTTON)$/.test(event.target.tagName);
      if (now === "enter" && onControl) return;
      event.preventDefault();
      found.run();
    };
    document.addEventListener("keydown", hear);
    return () => document.removeEventListener("keydown", hear);
  }, []);
}
