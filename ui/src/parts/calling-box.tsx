/** A box for words in which `@` offers the members: by keys, by pointer, and to those who hear it. */

import { type KeyboardEvent, type RefObject, useEffect, useId, useState } from "react";

import { begunAt, callOf, fitting } from "../api/calls";
import { type Person, usePeople } from "../api/people";
import { countText } from "../api/words";
import { useCaret } from "./caret";

import "./calling-box.css";

interface CallingBoxProps {
  box: RefObject<HTMLTextAreaElement | null>;
  label: string;
  text: string;
  onText: (text: string) => void;
  /** Hears the keys that choose nobody. */
  onKeyDown: (event: KeyboardEvent) => void;
}

export function CallingBox({ box, label, text, onText, onKeyDown }: CallingBoxProps) {
  const id = useId();
  const { all, me } = usePeople();
  const [caret, setCaret] = useState(0);
  const putCaret = useCaret(box);
  const [at, setAt] = useState(0);
  const [isHere, setHere] = useState(false);
  /** Where a name begins for which nobody is to be offered. */
  const [left, setLeft] = useState<number | null>(null);
  const begun = isHere ? begunAt(text, caret) : null;
  const found =
    begun && begun.start !== left
      ? fitting(
          begun.text,
          all.filter((one) => one.member !== me),
        )
      : [];
  const isOpen = found.length > 0;
  const current = found[Math.min(at, found.length - 1)];

  useEffect(() => {
    if (current)
      document.getElementById(`${id}-${current.member}`)?.scrollIntoView({ block: "nearest" });
  }, [id, current]);

  const move = (to: number, now = text) => {
    setCaret(to);
    setAt(0);
    if (begunAt(now, to)?.start !== left) setLeft(null);
  };
  const take = (person: Person) => {
    if (!begun) return;
    const head = `${text.slice(0, begun.start)}${callOf(person, all)} `;
    onText(head + text.slice(caret).trimStart());
    setCaret(head.length);
    setAt(0);
    putCaret(head.length);
  };
  const hear = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (!isOpen || !current || !isPlain || event.nativeEvent.isComposing) return onKeyDown(event);
    if (by) setAt((found.indexOf(current) + by + found.length) % found.length);
    else if (event.key === "Enter" || event.key === "Tab") take(current);
    else if (event.key === "Escape") setLeft(begun?.start ?? null);
    else return onKeyDown(event);
    event.preventDefault();
    event.stopPropagation();
  };
  const combobox = isOpen
    ? {
        role: "combobox",
        "aria-expanded": true,
        "aria-controls": `${id}-list`,
        "aria-activedescendant": current && `${id}-${current.member}`,
      }
    : {};
  return (
    <div className="calling">
      <textarea
        ref={box}
        rows={2}
        aria-label={label}
        aria-autocomplete="list"
        aria-haspopup="listbox"
        {...combobox}
        placeholder={label}
        value={text}
        onChange={(event) => {
          onText(event.target.value);
          move(event.target.selectionStart, event.target.value);
          setHere(true);
        }}
        onSelect={(event) =>
          event.currentTarget.selectionStart !== caret && move(event.currentTarget.selectionStart)
        }
        onKeyDown={hear}
        onBlur={() => setHere(false)}
      />
      <ul
        id={`${id}-list`}
        role="listbox"
        aria-label="Members to call"
        hidden={!isOpen}
        className="calling-list"
      >
        {found.map((one) => (
          <li
            key={one.member}
            id={`${id}-${one.member}`}
            role="option"
            aria-selected={one === current}
            onMouseDown={(event) => {
              event.preventDefault();
              take(one);
            }}
          >
            {one.name} <span className="calling-how">{one.presence}</span>
          </li>
        ))}
      </ul>
      <span role="status" className="unseen">
        {isOpen && `${countText(found.length, "member")} to call; Enter takes one`}
      </span>
    </div>
  );
}
