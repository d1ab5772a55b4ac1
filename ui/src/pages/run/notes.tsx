/** What people wrote on the run. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, told } from "../../api";
import { ErrorNote } from "../../parts/error-note";
import { Right } from "../../parts/right";
import { Time } from "../../parts/time";
import type { TabProps } from "./run-page";

export default function Notes({ run }: TabProps) {
  const [text, setText] = useState("");
  const queries = useQueryClient();
  const add = useMutation({
    mutationFn: (words: string) =>
      told(
        api.POST("/runs/{run}/notes", {
          params: { path: { run: run.id } },
          body: { text: words },
        }),
      ),
    onSuccess: () => {
      setText("");
      return queries.invalidateQueries({ queryKey: ["run", run.id] });
    },
  });
  const send = () => {
    if (text.trim() && !add.isPending) add.mutate(text);
  };
  return (
    <div className="notes">
      {run.notes.map((note) => (
        <article className="card note" key={`${note.at} ${note.text}`}>
          <header>
            <strong>{note.by}</strong>{" "}
            <span className="faint">
              <Time at={note.at} />
            </span>
          </header>
          <p>{note.text}</p>
        </article>
      ))}
      <Right to="run.edit" isTold>
        <form
          className="note-new"
          onSubmit={(event) => {
            event.preventDefault();
            send();
          }}
        >
          <label htmlFor="note">{run.notes.length ? "Add a note" : "Write the first note"}</label>
          <textarea
            id="note"
            rows={4}
            value={text}
            placeholder="What you tried, saw, or want to try next"
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
            }}
          />
          <div className="bar">
            <button
              type="submit"
              className="button primary"
              disabled={!text.trim() || add.isPending}
            >
              Add note
            </button>
            <span className="faint">
              Ctrl+Enter. A note stays in the record; secrets in it do not.
            </span>
          </div>
          {add.error && <ErrorNote error={add.error} />}
        </form>
      </Right>
    </div>
  );
}
