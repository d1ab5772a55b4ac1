/** Who agreed to be woken, and when; the reader agrees here, nobody can for somebody else. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, told } from "../../api";
import { usePeople } from "../../api/people";
import { ErrorNote } from "../../parts/error-note";
import { Right } from "../../parts/right";
import { spanText } from "../meetings/when";

const HOUR_MS = 3_600_000;
const TURN_HOURS = 12;

export function OnCall() {
  const { me, nameOf } = usePeople();
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const found = useQuery({
    queryKey: ["oncall"],
    queryFn: ({ signal }) => told(api.GET("/oncall", { signal })),
  });
  const drop = useMutation({
    mutationFn: (item: string) =>
      told(api.DELETE("/oncall/{item}", { params: { path: { item } } })),
    onSuccess: () => queries.invalidateQueries(),
  });
  const turns = found.data?.turns.filter((one) => !one.withdrawn) ?? [];
  return (
    <section className="card people-call" aria-label="On call">
      <div className="bar">
        <h2>On call</h2>
        {!isOpen && (
          <Right to="team.write">
            <button type="button" className="button" onClick={() => setOpen(true)}>
              Take a turn
            </button>
          </Right>
        )}
      </div>
      {found.error && <ErrorNote error={found.error} />}
      {found.data && turns.length === 0 && (
        <p className="hint">Nobody agreed to be woken. What is urgent waits for working hours.</p>
      )}
      <ul className="people-turns">
        {turns.map((one) => (
          <li key={one.id}>
            <b>{nameOf(one.author)}</b>
            <span className="number">
              {one.from !== null && one.until !== null && spanText(one.from, one.until)}
            </span>
            {one.author === me && (
              <button
                type="button"
                className="link"
                disabled={drop.isPending}
                onClick={() => drop.mutate(one.id)}
              >
                take it back
              </button>
            )}
          </li>
        ))}
      </ul>
      {drop.error && <ErrorNote error={drop.error} />}
      {isOpen && <Take onDone={() => setOpen(false)} />}
    </section>
  );
}

function Take({ onDone }: { onDone: () => void }) {
  const queries = useQueryClient();
  const [from, setFrom] = useState(() => wallText(nextHour()));
  const [until, setUntil] = useState(() => wallText(nextHour() + TURN_HOURS * HOUR_MS));
  const take = useMutation({
    mutationFn: () =>
      told(
        api.POST("/oncall", {
          body: { from_ms: new Date(from).getTime(), until_ms: new Date(until).getTime() },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries();
      onDone();
    },
  });
  return (
    <form
      className="people-take"
      onSubmit={(event) => {
        event.preventDefault();
        take.mutate();
      }}
    >
      <label>
        From
        <input
          type="datetime-local"
          required
          value={from}
          onChange={(event) => setFrom(event.target.value)}
        />
      </label>
      <label>
        Until
        <input
          type="datetime-local"
          required
          min={from}
          value={until}
          onChange={(event) => setUntil(event.target.value)}
        />
      </label>
      <p className="hint">
        You agree to be woken then, also in your quiet hours, by what is urgent.
      </p>
      <div className="bar">
        <button type="submit" className="button primary" disabled={take.isPending}>
          I can be woken
        </button>
        <button type="button" className="button" onClick={onDone}>
          Leave it
        </button>
      </div>
      {take.error && <ErrorNote error={take.error} />}
    </form>
  );
}

function nextHour(): number {
  return Math.ceil(Date.now() / HOUR_MS) * HOUR_MS;
}

/** Return an instant as a field for date and time takes it, on the reader's clock. */
function wallText(ms: number): string {
  const moment = new Date(ms);
  return new Date(ms - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
