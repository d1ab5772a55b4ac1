/** The command menu: what can be done, and what the record holds, from one box. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useMemo, useRef, useState } from "react";

import { api, told } from "../api";
import { Dialog } from "../parts/dialog";
import { Keys } from "../parts/keys";
import { useAllActions } from "./actions";
import { addressOf, kindText } from "./found";

interface Item {
  id: string;
  group: string;
  label: string;
  detail?: string | undefined;
  keys?: string | undefined;
  run: () => void;
}

const WAIT_MS = 120;
const ALL = "all";

export default function Menu({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const items = useItems(text);
  const chosen = items[Math.min(at, items.length - 1)];
  useEffect(() => setAt(0), [text]);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const take = (item: Item | undefined) => {
    if (!item) return;
    onClose();
    item.run();
  };
  const hear = (event: React.KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      event.preventDefault();
      setAt(
        (before) =>
          (Math.min(before, items.length - 1) + by + items.length) % Math.max(1, items.length),
      );
    } else if (event.key === "Enter") {
      event.preventDefault();
      const isAll = event.metaKey || event.ctrlKey;
      take(isAll ? items.find((one) => one.id === ALL) : chosen);
    }
  };
  return (
    <Dialog title="Search or do something" onClose={onClose} className="menu" isTitleHidden>
      <input
        type="search"
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={chosen ? `${id}-${chosen.id}` : undefined}
        aria-label="Search or do something"
        placeholder="Runs, notes, data, people, or an action"
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={hear}
      />
      <ul ref={list} role="listbox" id={`${id}-list`} aria-label="What there is">
        {items.map((item, index) => (
          <MenuRow
            key={item.id}
            id={`${id}-${item.id}`}
            item={item}
            isChosen={item === chosen}
            isFirst={items[index - 1]?.group !== item.group}
            onTake={() => take(item)}
          />
        ))}
        {items.length === 0 && (
          <li className="menu-none" role="presentation">
            Nothing has these words.
          </li>
        )}
      </ul>
    </Dialog>
  );
}

interface RowProps {
  id: string;
  item: Item;
  isChosen: boolean;
  isFirst: boolean;
  onTake: () => void;
}

function MenuRow({ id, item, isChosen, isFirst, onTake }: RowProps) {
  return (
    <>
      {isFirst && (
        <li className="menu-group" role="presentation">
          {item.group}
        </li>
      )}
      <li id={id} role="option" aria-selected={isChosen} className="menu-item" onClick={onTake}>
        <span className="menu-label">{item.label}</span>
        {item.detail && <span className="menu-detail">{item.detail}</span>}
        {item.keys && <Keys keys={item.keys} />}
      </li>
    </>
  );
}

function useItems(text: string): Item[] {
  const actions = useAllActions();
  const navigate = useNavigate();
  const words = useLater(text.trim());
  const found = useQuery({
    queryKey: ["search", words],
    queryFn: ({ signal }) =>
      told(api.GET("/search", { params: { query: { text: words, limit: 6 } }, signal })),
    enabled: words.length > 1,
    placeholderData: keepPreviousData,
  });
  const isWaiting = found.isPlaceholderData || found.isLoading;
  return useMemo(() => {
    const parts = text.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = actions
      .filter((one) => !one.keysOnly)
      .filter((one) =>
        parts.every((part) => `${one.group} ${one.label}`.toLowerCase().includes(part)),
      )
      .map((one, index) => ({ ...one, id: `a${index}` }));
    const things = words.length < 2 ? [] : (found.data?.found ?? []);
    const results = things.map((one, index): Item => ({
      id: `f${index}`,
      group: kindText(one.kind),
      label: one.label,
      detail: [one.project, one.detail].filter(Boolean).join(" · ") || undefined,
      run: () => {
        const to = addressOf(one);
        if (to) void navigate({ href: to });
        else void navigate({ to: "/search", search: { q: words, kind: one.kind } });
      },
    }));
    const isAnswered = words === text.trim() && !isWaiting;
    const further = words.length < 2 || !isAnswered ? [] : furtherItems(words, navigate);
    return results.length ? [...results, ...further, ...fits] : [...fits, ...further];
  }, [actions, found.data, isWaiting, navigate, text, words]);
}

/** Where the words lead besides: to everything that holds them, and to what a thing came from. */
function furtherItems(words: string, navigate: ReturnType<typeof useNavigate>): Item[] {
  const group = "Further";
  const all: Item = {
    id: ALL,
    group,
    label: "All results",
    keys: "mod+enter",
    run: () => void navigate({ to: "/search", search: { q: words } }),
  };
  if (!/^[^\s:@]+[:@]\S+$/.test(words)) return [all];
  const run = () => void navigate({ to: "/why", search: { what: words } });
  return [all, { id: "why", group, label: "Why: trace it back", run }];
}

function useLater(text: string): string {
  const [later, setLater] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(() => setLater(text), WAIT_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  return later;
}
