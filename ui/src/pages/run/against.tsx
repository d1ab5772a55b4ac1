/** Chooses the run that something is compared with. */

import { useState } from "react";

import type { Run } from "./data";

interface Props {
  run: Run;
  against: string | undefined;
  onAgainst: (against: string | undefined) => void;
  /** Words for runs by what they are to this one. */
  related: Record<string, string>;
}

const OTHER = "other";

export function Against({ run, against, onAgainst, related }: Props) {
  const [typed, setTyped] = useState(against && !(against in related) ? against : "");
  const [asks, setAsks] = useState(typed !== "");
  const value = asks ? OTHER : (against ?? "");
  return (
    <form
      className="against"
      onSubmit={(event) => {
        event.preventDefault();
        onAgainst(typed.trim() || undefined);
      }}
    >
      <label>
        Compare with
        <select
          value={value}
          onChange={(event) => {
            const next = event.target.value;
            setAsks(next === OTHER);
            if (next !== OTHER) onAgainst(next || undefined);
          }}
        >
          <option value="">nothing</option>
          {Object.entries(related).map(([words, name]) => (
            <option key={words} value={words}>
              {name}
            </option>
          ))}
          <option value={OTHER}>another run…</option>
        </select>
      </label>
      {asks && (
        <>
          <input
            aria-label="Id or name of the other run"
            placeholder="id or name"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
          <button type="submit" className="button" disabled={!typed.trim() || typed === run.id}>
            Compare
          </button>
        </>
      )}
    </form>
  );
}
