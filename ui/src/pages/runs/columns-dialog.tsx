/** Chooses the columns: found by a text among params, metrics and tags; pinned, moved, hidden. */

import { useState } from "react";

import { Dialog } from "../../parts/dialog";
import { Icon } from "../../parts/icon";
import { FIXED, labelOf } from "./columns";
import { type NameKind, useNames } from "./data";
import type { SetSearch } from "./page";
import type { RunsSearch } from "./search";

interface Props {
  search: RunsSearch;
  setSearch: SetSearch;
  shown: readonly string[];
  auto: readonly string[];
  onClose: () => void;
}

const FOUND_MAX = 50;
const COLUMNS_MAX = 200;
const SCOPES = { metrics: "Metrics", params: "Params", tags: "Tags" } as const;

export function ColumnsDialog({ search, setSearch, shown, onClose }: Props) {
  const [text, setText] = useState("");
  const set = (columns: readonly string[]) =>
    setSearch({ columns: columns.length > 0 ? columns.slice(0, COLUMNS_MAX) : undefined });
  const toggle = (id: string) =>
    set(shown.includes(id) ? shown.filter((one) => one !== id) : [...shown, id]);
  const fixed = Object.keys(FIXED).filter((one) =>
    labelOf(one).toLowerCase().includes(text.toLowerCase()),
  );
  return (
    <Dialog title="Columns" onClose={onClose} className="runs-columns">
      <input
        type="search"
        aria-label="Find a column"
        placeholder="Find params, metrics, tags"
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="runs-columns-both">
        <section aria-label="Columns that can be shown">
          <Choices title="Of the run" ids={fixed} shown={shown} onToggle={toggle} />
          {(Object.keys(SCOPES) as (keyof typeof SCOPES)[]).map((scope) => (
            <Named key={scope} scope={scope} text={text} shown={shown} onToggle={toggle} />
          ))}
        </section>
        <Shown search={search} setSearch={setSearch} shown={shown} onSet={set} />
      </div>
      <div className="bar">
        <button type="button" className="button primary" onClick={onClose}>
          Done
        </button>
        <button
          type="button"
          className="button quiet"
          onClick={() => setSearch({ columns: undefined, pin: undefined })}
        >
          Choose for me
        </button>
      </div>
    </Dialog>
  );
}

interface ChoicesProps {
  title: string;
  ids: readonly string[];
  shown: readonly string[];
  total?: number;
  onToggle: (id: string) => void;
}

function Choices({ title, ids, shown, total = ids.length, onToggle }: ChoicesProps) {
  if (ids.length === 0) return null;
  return (
    <fieldset>
      <legend>{title}</legend>
      {ids.map((id) => (
        <label key={id}>
          <input type="checkbox" checked={shown.includes(id)} onChange={() => onToggle(id)} />
          <span title={labelOf(id)}>{labelOf(id)}</span>
        </label>
      ))}
      {total > ids.length && (
        <p className="hint">
          and {(total - ids.length).toLocaleString("en")} more: write a part of the name
        </p>
      )}
    </fieldset>
  );
}

interface NamedProps {
  scope: keyof typeof SCOPES & NameKind;
  text: string;
  shown: readonly string[];
  onToggle: (id: string) => void;
}

function Named({ scope, text, shown, onToggle }: NamedProps) {
  const found = useNames(scope, text, FOUND_MAX);
  const ids = (found.data?.names ?? []).map((one) => `${scope}.${one}`);
  return (
    <Choices
      title={SCOPES[scope]}
      ids={ids}
      shown={shown}
      total={found.data?.total ?? ids.length}
      onToggle={onToggle}
    />
  );
}

interface ShownProps {
  search: RunsSearch;
  setSearch: SetSearch;
  shown: readonly string[];
  onSet: (columns: readonly string[]) => void;
}

function Shown({ search, setSearch, shown, onSet }: ShownProps) {
  const pinned = search.pin ?? [];
  const move = (index: number, by: number) => {
    const next = [...shown];
    const [one] = next.splice(index, 1);
    if (one) next.splice(index + by, 0, one);
    onSet(next);
  };
  const pin = (id: string) => {
    const next = pinned.includes(id) ? pinned.filter((one) => one !== id) : [...pinned, id];
    setSearch({ pin: next.length > 0 ? next : undefined });
  };
  return (
    <section aria-label="Columns that are shown">
      <h3>Shown, in this order</h3>
      <ol>
        {shown.map((id, index) => (
          <li key={id}>
            <span className="runs-columns-name" title={id}>
              {labelOf(id)}
            </span>
            <button
              type="button"
              className="icon-button"
              aria-pressed={id === "name" || pinned.includes(id)}
              disabled={id === "name"}
              aria-label={`Pin ${labelOf(id)}`}
              onClick={() => pin(id)}
            >
              <Icon d="M6 2h4l-.5 5L12 9.5H4L6.5 7zM8 9.5V14" />
            </button>
            <button
              type="button"
              className="icon-button"
              disabled={index === 0}
              aria-label={`Move ${labelOf(id)} forward`}
              onClick={() => move(index, -1)}
            >
              <Icon d="M8 13V3M4 7l4-4 4 4" />
            </button>
            <button
              type="button"
              className="icon-button"
              disabled={index === shown.length - 1}
              aria-label={`Move ${labelOf(id)} back`}
              onClick={() => move(index, 1)}
            >
              <Icon d="M8 3v10M4 9l4 4 4-4" />
            </button>
            <button
              type="button"
              className="icon-button"
              aria-label={`Hide ${labelOf(id)}`}
              onClick={() => onSet(shown.filter((one) => one !== id))}
            >
              <Icon d="M4 4l8 8M12 4l-8 8" />
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
