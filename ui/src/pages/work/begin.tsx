/** Something new: an ask, a blocker, a task, a decision or a review, in as few fields as it takes. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, told } from "../../api";
import { usePeople } from "../../api/people";
import { Dialog } from "../../parts/dialog";
import { ErrorNote } from "../../parts/error-note";
import type { Kind } from "./search";

interface Given {
  title: string;
  who: string;
  due: string;
  about: string;
}

interface Words {
  head: string;
  title: string;
  who: string;
  about: string;
  hasDue: boolean;
  make: (given: Given) => Promise<unknown>;
}

const listed = (text: string) => (text.trim() ? [text.trim()] : []);
const filled = (given: Given) => (given.due.trim() ? { due: given.due.trim() } : {});

const NEW: Record<Kind, Words> = {
  asks: {
    head: "Ask somebody",
    title: "What you ask",
    who: "Whom",
    about: "About (run:NAME, data:NAME)",
    hasDue: true,
    make: (given) =>
      told(
        api.POST("/asks", {
          body: {
            title: given.title,
            to: given.who,
            detail: "",
            need: "answer",
            urgency: "normal",
            about: listed(given.about),
            ...filled(given),
          },
        }),
      ),
  },
  blockers: {
    head: "Say what is in your way",
    title: "What is in your way",
    who: "Who is to clear it",
    about: "About (run:NAME, data:NAME)",
    hasDue: false,
    make: (given) =>
      told(
        api.POST("/blockers", {
          body: {
            title: given.title,
            about: listed(given.about),
            ...(given.who ? { owner: given.who } : {}),
          },
        }),
      ),
  },
  tasks: {
    head: "Write a task down",
    title: "What is to be done",
    who: "Whose",
    about: "About (run:NAME, data:NAME)",
    hasDue: true,
    make: (given) =>
      told(
        api.POST("/tasks", {
          body: {
            title: given.title,
            about: listed(given.about),
            ...(given.who ? { owner: given.who } : {}),
            ...filled(given),
          },
        }),
      ),
  },
  decisions: {
    head: "Write a decision down",
    title: "What is to be decided",
    who: "Who decides",
    about: "Evidence (run:NAME)",
    hasDue: false,
    make: (given) =>
      told(
        api.POST("/decisions", {
          body: {
            title: given.title,
            project: "default",
            deciders: listed(given.who),
            consulted: [],
            informed: [],
            evidence: listed(given.about),
            supersedes: [],
          },
        }),
      ),
  },
  reviews: {
    head: "Ask for a review",
    title: "What you want to know",
    who: "Who looks (nobody: who knows it best)",
    about: "Of what (run:NAME, data:NAME)",
    hasDue: true,
    make: (given) =>
      told(
        api.POST("/reviews", {
          body: {
            about: given.about,
            reviewers: listed(given.who),
            detail: given.title,
            ...filled(given),
          },
        }),
      ),
  },
};

export function Begin({ kind, onClose }: { kind: Kind; onClose: () => void }) {
  const words = NEW[kind];
  const { all, me } = usePeople();
  const queries = useQueryClient();
  const [given, setGiven] = useState<Given>({ title: "", who: "", due: "", about: "" });
  const set = (change: Partial<Given>) => setGiven({ ...given, ...change });
  const make = useMutation({
    mutationFn: () => words.make(given),
    onSuccess: async () => {
      await queries.invalidateQueries();
      onClose();
    },
  });
  const isReady =
    given.title.trim() !== "" &&
    (kind !== "asks" || given.who !== "") &&
    (kind !== "reviews" || given.about.trim() !== "");
  const others =
    kind === "reviews" || kind === "asks" ? all.filter((one) => one.member !== me) : all;
  return (
    <Dialog title={words.head} onClose={onClose}>
      <form
        className="work-new"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) make.mutate();
        }}
      >
        <label>
          {words.title}
          <input
            autoFocus
            maxLength={200}
            value={given.title}
            onChange={(event) => set({ title: event.target.value })}
          />
        </label>
        <label>
          {words.who}
          <select value={given.who} onChange={(event) => set({ who: event.target.value })}>
            <option value="">–</option>
            {others.map((one) => (
              <option key={one.member} value={one.member}>
                {one.name} ({one.presence})
              </option>
            ))}
          </select>
        </label>
        {words.hasDue && (
          <label>
            By when, in their working time (4h, 2d, a date)
            <input value={given.due} onChange={(event) => set({ due: event.target.value })} />
          </label>
        )}
        <label>
          {words.about}
          <input value={given.about} onChange={(event) => set({ about: event.target.value })} />
        </label>
        <div className="bar">
          <button type="submit" className="button primary" disabled={!isReady || make.isPending}>
            {words.head}
          </button>
          <button type="button" className="button" onClick={onClose}>
            Leave it
          </button>
        </div>
        {make.error && <ErrorNote error={make.error} />}
      </form>
    </Dialog>
  );
}
