/** A meeting is called for a time that was found. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { api, told } from "../../api";
import { Dialog } from "../../parts/dialog";
import { ErrorNote } from "../../parts/error-note";
import { spanText } from "./when";

import "./meetings.css";

interface CallProps {
  fromMs: number;
  untilMs: number;
  /** Members who are asked to come. */
  attendees: readonly string[];
  onClose: () => void;
}

export function Call({ fromMs, untilMs, attendees, onClose }: CallProps) {
  const [title, setTitle] = useState("");
  const [agenda, setAgenda] = useState("");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const call = useMutation({
    mutationFn: () =>
      told(
        api.POST("/meetings", {
          body: {
            title,
            agenda,
            from_ms: fromMs,
            until_ms: untilMs,
            attendees: [...attendees],
            about: [],
          },
        }),
      ),
    onSuccess: async (made) => {
      await queries.invalidateQueries();
      await navigate({ to: "/meetings/$item", params: { item: made.id } });
    },
  });
  const isReady = title.trim() !== "" && !call.isPending;
  return (
    <Dialog title="Call a meeting" onClose={onClose}>
      <form
        className="meeting-call"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) call.mutate();
        }}
      >
        <p className="number">{spanText(fromMs, untilMs)}</p>
        <label>
          What it is about
          <input
            autoFocus
            maxLength={200}
            value={title}
            onChange={(event) => setTitle(event.target.value)}
          />
        </label>
        <label>
          Agenda, so that whoever cannot come can say something first
          <textarea rows={5} value={agenda} onChange={(event) => setAgenda(event.target.value)} />
        </label>
        <div className="bar">
          <button type="submit" className="button primary" disabled={!isReady}>
            Call it
          </button>
          <button type="button" className="button" onClick={onClose}>
            Leave it
          </button>
        </div>
        {call.error && <ErrorNote error={call.error} />}
      </form>
    </Dialog>
  );
}
