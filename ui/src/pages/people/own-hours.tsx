/** What the reader says of their own time: zone, hours, focus, holidays, leave. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { Dialog } from "../../parts/dialog";
import { ErrorNote } from "../../parts/error-note";
import { Right } from "../../parts/right";

type Person = components["schemas"]["Person"];
type Said = components["schemas"]["OwnHours"];

/** A button that opens the reader's own hours. */
export function OwnHours() {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Right to="team.write" isTold>
        <button type="button" className="button" onClick={() => setOpen(true)}>
          Your hours
        </button>
      </Right>
      {isOpen && <Hours onClose={() => setOpen(false)} />}
    </>
  );
}

function Hours({ onClose }: { onClose: () => void }) {
  const found = useQuery({
    queryKey: ["people", "me"],
    queryFn: ({ signal }) => told(api.GET("/people/me", { signal })),
  });
  return (
    <Dialog title="Your hours" onClose={onClose}>
      {found.error && <ErrorNote error={found.error} />}
      {found.data && <Form one={found.data} onClose={onClose} />}
      {found.data && <Leave one={found.data} />}
    </Dialog>
  );
}

function Form({ one, onClose }: { one: Person; onClose: () => void }) {
  const queries = useQueryClient();
  const zoneHere = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const before = {
    zone: one.assumed ? zoneHere : one.zone,
    hours: rulesOf(one.hours.at(-1)?.value) || "Mon-Fri 09:00-17:00",
    focus: rulesOf(one.focus_hours.at(-1)?.value),
    holidays: one.holidays.at(-1)?.value ?? "",
  };
  const say = useMutation({
    mutationFn: (body: Said) => told(api.PATCH("/people/me", { body })),
    onSuccess: async () => {
      await queries.invalidateQueries();
      onClose();
    },
  });
  return (
    <form
      className="own-hours"
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget);
        const text = (name: string) => String(given.get(name) ?? "").trim();
        say.mutate({
          zone: text("zone") || null,
          hours: rules(text("hours")),
          ...(text("focus") || before.focus ? { focus: rules(text("focus") || "none") } : {}),
          ...(text("holidays") || before.holidays ? { holidays: text("holidays") || "none" } : {}),
        });
      }}
    >
      {one.assumed && (
        <p className="hint">Office hours in UTC are assumed until you say your own.</p>
      )}
      <label>
        Zone
        <input name="zone" list="zones" defaultValue={before.zone} />
        <datalist id="zones">
          {Intl.supportedValuesOf("timeZone").map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
      </label>
      <label>
        You work (a rule on each line)
        <textarea name="hours" rows={2} defaultValue={before.hours} />
      </label>
      <label>
        Not to be disturbed
        <textarea
          name="focus"
          rows={2}
          defaultValue={before.focus}
          placeholder="Tue,Thu 09:00-11:00"
        />
      </label>
      <label>
        Public holidays of
        <input name="holidays" defaultValue={before.holidays} placeholder="DE-BE" />
      </label>
      <div className="bar">
        <button type="submit" className="button primary" disabled={say.isPending}>
          Keep
        </button>
      </div>
      {say.error && <ErrorNote error={say.error} />}
    </form>
  );
}

function Leave({ one }: { one: Person }) {
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries();
  const go = useMutation({
    mutationFn: (body: components["schemas"]["NewLeave"]) =>
      told(api.POST("/people/me/leave", { body })),
    onSuccess,
  });
  const back = useMutation({
    mutationFn: (leave: string) =>
      told(api.DELETE("/people/me/leave/{leave}", { params: { path: { leave } } })),
    onSuccess,
  });
  return (
    <form
      className="own-hours"
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget);
        const text = (name: string) => String(given.get(name) ?? "");
        if (text("first") && text("last")) {
          go.mutate({ first: text("first"), last: text("last"), note: text("note") });
        }
      }}
    >
      <h3>Away</h3>
      {one.leave.map((each) => (
        <p key={each.id}>
          {each.first} to {each.last} {each.note}{" "}
          <button type="button" className="link" onClick={() => back.mutate(each.id)}>
            take back
          </button>
        </p>
      ))}
      <div className="bar">
        <input type="date" name="first" aria-label="First day away" />
        <input type="date" name="last" aria-label="Last day away" />
        <input name="note" aria-label="What for" placeholder="what for" />
        <button type="submit" className="button" disabled={go.isPending}>
          Be away
        </button>
      </div>
      {(go.error ?? back.error) && <ErrorNote error={go.error ?? back.error} />}
    </form>
  );
}

function rulesOf(value: readonly string[] | string | undefined): string {
  return typeof value === "string" ? value : (value ?? []).join("\n");
}

function rules(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}
