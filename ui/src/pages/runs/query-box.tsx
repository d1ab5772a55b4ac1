/** The box of the query language: completes names, shows what the server cannot read. */

import { useId, useRef, useState } from "react";

import { ApiFault } from "../../api";
import { useCaret } from "../../parts/caret";
import { completed, suggestions, wordAt } from "./completion";
import { type NameKind, useNames } from "./data";

interface QueryBoxProps {
  query: string;
  error: Error | null;
  onQuery: (query: string) => void;
}

export function QueryBox({ query, error, onQuery }: QueryBoxProps) {
  const [text, setText] = useState(query);
  const [caret, setCaret] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const box = useRef<HTMLInputElement>(null);
  const putCaret = useCaret(box);
  const id = useId();
  const word = wordAt(text, caret);
  const scope = /^(params|metrics|tags)\./.exec(word.text)?.[1] as NameKind | undefined;
  const names = useNames(
    scope ?? "params",
    scope ? word.text.slice(scope.length + 1) : "",
    12,
    isOpen && Boolean(scope),
  );
  const found = isOpen ? suggestions(text, caret, scope ? (names.data?.names ?? []) : []) : [];
  const isWrong = error instanceof ApiFault && error.code.startsWith("query.");

  const take = (suggestion: string) => {
    const next = completed(text, caret, suggestion);
    setText(next.text);
    setCaret(next.caret);
    setAt(-1);
    putCaret(next.caret);
  };
  const hear = (event: React.KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && found.length > 0) {
      event.preventDefault();
      setAt((before) => (before + by + found.length) % found.length);
    } else if (event.key === "Escape") {
      if (isOpen) setOpen(false);
      else box.current?.blur();
    } else if ((event.key === "Enter" || event.key === "Tab") && found[at]) {
      event.preventDefault();
      take(found[at]);
    } else if (event.key === "Enter") {
      setOpen(false);
      onQuery(text.trim());
    }
  };
  const move = () => setCaret(box.current?.selectionStart ?? text.length);
  return (
    <div className="runs-query">
      <div className="runs-query-line">
        <input
          ref={box}
          id="runs-query"
          type="search"
          role="combobox"
          aria-label="Query"
          aria-expanded={found.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
          aria-autocomplete="list"
          aria-invalid={isWrong}
          aria-describedby={isWrong ? `${id}-wrong` : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder='metrics.acc > 0.9 and params.model = "tree" order by metrics.loss'
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setCaret(event.target.selectionStart ?? event.target.value.length);
            setOpen(true);
            setAt(-1);
          }}
          onKeyDown={hear}
          onKeyUp={move}
          onClick={move}
          onBlur={() => setOpen(false)}
        />
        {text !== query && (
          <button type="button" className="button primary" onClick={() => onQuery(text.trim())}>
            Find
          </button>
        )}
        {query && (
          <button type="button" className="button quiet" onClick={() => onQuery("")}>
            Clear
          </button>
        )}
      </div>
      <ul
        id={`${id}-list`}
        role="listbox"
        aria-label="Completions"
        hidden={found.length === 0}
        className="runs-completions"
      >
        {found.map((one, index) => (
          <li
            key={one}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            onMouseDown={(event) => {
              event.preventDefault();
              take(one);
            }}
          >
            {one}
          </li>
        ))}
      </ul>
      {isWrong && (
        <pre id={`${id}-wrong`} className="runs-wrong" role="alert">
          {error.message}
          {error.hint && `\n${error.hint}`}
        </pre>
      )}
    </div>
  );
}
