/** The reader's own stand-up: filled in from the record, said with one button. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { Badge } from "../../parts/badge";
import { ErrorNote } from "../../parts/error-note";
import { Right } from "../../parts/right";

type Prefill = components["schemas"]["Prefill"];
type Said = components["schemas"]["NewStandup"];

const FIELDS = [
  ["state", "What you did"],
  ["next", "What is next"],
  ["decided", "What you decided"],
] as const;

export function Standup({ isDue }: { isDue: boolean }) {
  const draft = useQuery({
    queryKey: ["standup-draft"],
    queryFn: ({ signal }) => told(api.GET("/standups/draft", { signal })),
  });
  return (
    <section className="card" aria-label="Your stand-up">
      <h2>Your stand-up {isDue && <Badge tone="warn">due</Badge>}</h2>
      {draft.error ? (
        <ErrorNote error={draft.error} onAgain={() => void draft.refetch()} />
      ) : draft.data ? (
        <Right to="team.write" isTold>
          <Form key={`${draft.data.day} ${draft.data.slot}`} draft={draft.data} />
        </Right>
      ) : (
        <div aria-busy="true" />
      )}
    </section>
  );
}

function Form({ draft }: { draft: Prefill }) {
  const [said, setSaid] = useState<Record<string, string>>({});
  const [stuck, setStuck] = useState("");
  const queries = useQueryClient();
  const say = useMutation({
    mutationFn: (body: Said) => told(api.POST("/standups", { body })),
    onSuccess: () => queries.invalidateQueries(),
  });
  const body = (): Said => ({
    ...said,
    unchanged: false,
    asks: [],
    blockers: stuck.trim() ? [stuck.trim()] : [],
  });
  return (
    <form
      className="standup"
      onSubmit={(event) => {
        event.preventDefault();
        say.mutate(body());
      }}
    >
      <p className="hint">
        {draft.day}, {draft.slot}. The record filled it in.
      </p>
      {FIELDS.map(([name, label]) => {
        const text = said[name] ?? draft[name];
        return (
          <label key={name}>
            {label}
            <textarea
              rows={Math.min(10, Math.max(2, text.split("\n").length))}
              value={text}
              onChange={(event) => setSaid({ ...said, [name]: event.target.value })}
            />
          </label>
        );
      })}
      <label>
        What keeps you from going on
        <input
          value={stuck}
          placeholder={draft.stuck ? "what stands already stays" : "it becomes a blocker"}
          onChange={(event) => setStuck(event.target.value)}
        />
      </label>
      <div className="bar">
        <button type="submit" className="button primary" disabled={say.isPending}>
          Say it
        </button>
        <button
          type="button"
          className="button"
          disabled={say.isPending}
          onClick={() => say.mutate({ unchanged: true, asks: [], blockers: [] })}
        >
          Nothing changed
        </button>
        {say.isSuccess && <span role="status">said</span>}
      </div>
      {say.error && <ErrorNote error={say.error} />}
    </form>
  );
}
