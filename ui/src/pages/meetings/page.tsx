/** One meeting: when it is for each, what it is about, what came of it; noted and read here. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";

import { api, told } from "../../api";
import { usePeople } from "../../api/people";
import type { components } from "../../api/schema";
import { Badge } from "../../parts/badge";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Prose } from "../../parts/prose";
import { Right } from "../../parts/right";
import { Say } from "../../parts/say";
import { Thread } from "../../parts/thread";
import { Links, State } from "../work/item";
import { spanText, wallText } from "./when";

import "../work/work.css";
import "./meetings.css";

type Meeting = components["schemas"]["Meeting"];

export function MeetingPage() {
  const { item = "" } = useParams({ strict: false });
  const found = useQuery({
    queryKey: ["meeting", item],
    queryFn: ({ signal }) =>
      told(api.GET("/meetings/{item}", { params: { path: { item } }, signal })),
  });
  const one = found.data;
  return (
    <Page title={one?.title ?? "Meeting"} tools={one && <State state={one.state} />}>
      {found.error && <ErrorNote error={found.error} onAgain={() => void found.refetch()} />}
      {!one && <div aria-busy={!found.error} />}
      {one && <Told one={one} />}
    </Page>
  );
}

function Told({ one }: { one: Meeting }) {
  const { me } = usePeople();
  const params = { path: { item: one.id } };
  const isOver = one.state === "cancelled" || one.state === "held";
  return (
    <>
      <p className="meeting-when">
        <b className="number">{spanText(one.from, one.until)}</b>
        <span className="hint"> on your clock, called by {one.by}</span>
      </p>
      <People one={one} />
      {one.agenda && (
        <section aria-label="Agenda" className="meeting-agenda">
          <h2>Agenda</h2>
          <Prose text={one.agenda} />
        </section>
      )}
      {one.about.length > 0 && (
        <p className="hint">
          About <Links links={one.about} labels={one.labels} />
        </p>
      )}
      {one.notes && (
        <section aria-label="What came of it" className="meeting-came">
          <h2>What came of it</h2>
          <Prose text={one.notes} />
          {one.raised.length > 0 && (
            <p className="hint">
              Made of it: <Links links={one.raised} labels={one.labels} />
            </p>
          )}
          {one.people.some((each) => each.member === me && each.to_read) && (
            <Right to="team.write">
              <Read one={one} />
            </Right>
          )}
        </section>
      )}
      {one.state !== "cancelled" && one.people.some((each) => each.member === me) && (
        <Right to="team.write">
          <Note one={one} />
        </Right>
      )}
      {!isOver && one.author === me && (
        <details className="meeting-off">
          <summary>Call it off</summary>
          <Say
            label="Why"
            sayings={[
              {
                label: "Call it off",
                isMute: true,
                say: (text) =>
                  told(api.POST("/meetings/{item}/cancel", { params, body: { text } })),
              },
            ]}
          />
        </details>
      )}
      <Thread about={`meeting:${one.id}`} />
    </>
  );
}

function People({ one }: { one: Meeting }) {
  return (
    <table className="meeting-people">
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">On their clock</th>
          <th scope="col">Then</th>
        </tr>
      </thead>
      <tbody>
        {one.people.map((each) => (
          <tr key={each.member}>
            <td>{each.name}</td>
            <td className="number" title={each.zone}>
              {wallText(each.local)}
            </td>
            <td>
              {each.presence === "working" ? (
                <span className="faint">working</span>
              ) : (
                <Badge tone={each.presence === "asleep" ? "bad" : "warn"}>
                  {each.presence === "waking" ? "awake, not at work" : each.presence}
                </Badge>
              )}{" "}
              {each.came && <Badge tone="good">came</Badge>}
              {each.to_read && <Badge tone="warn">has not read it</Badge>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Read({ one }: { one: Meeting }) {
  const queries = useQueryClient();
  const read = useMutation({
    mutationFn: () =>
      told(api.POST("/meetings/{item}/read", { params: { path: { item: one.id } } })),
    onSuccess: () => queries.invalidateQueries(),
  });
  return (
    <p className="bar">
      <button
        type="button"
        className="button primary"
        disabled={read.isPending}
        onClick={() => read.mutate()}
      >
        I have read it
      </button>
      {read.error && <ErrorNote error={read.error} />}
    </p>
  );
}

/** Notes: a line makes a task or a decision; who was there is ticked, who was not is to read them. */
function Note({ one }: { one: Meeting }) {
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState(one.notes ?? "");
  const [present, setPresent] = useState<readonly string[]>(
    one.people.filter((each) => each.came).map((each) => each.member),
  );
  const queries = useQueryClient();
  const note = useMutation({
    mutationFn: () =>
      told(
        api.POST("/meetings/{item}/notes", {
          params: { path: { item: one.id } },
          body: { notes: text, present: [...present], must_read: true },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries();
      setOpen(false);
    },
  });
  if (!isOpen) {
    return (
      <p>
        <button type="button" className="button" onClick={() => setOpen(true)}>
          {one.notes ? "Change the notes" : "Write notes"}
        </button>
      </p>
    );
  }
  const toggle = (member: string) =>
    setPresent(
      present.includes(member) ? present.filter((each) => each !== member) : [...present, member],
    );
  const isReady = text.trim() !== "" && !note.isPending;
  return (
    <form
      className="card meeting-notes"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) note.mutate();
      }}
    >
      <label>
        What came of it
        <textarea
          autoFocus
          rows={8}
          value={text}
          placeholder={"- [ ] @name label the rest by 2d\n! we keep the split of November"}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <p className="hint">
        A line <code>- [ ] @name what by when</code> becomes a task of theirs, a line{" "}
        <code>! what</code> a decision.
      </p>
      <fieldset className="meeting-there">
        <legend>Who was there</legend>
        {one.people.map((each) => (
          <label key={each.member} className="bar">
            <input
              type="checkbox"
              checked={present.includes(each.member)}
              onChange={() => toggle(each.member)}
            />
            {each.name}
          </label>
        ))}
      </fieldset>
      <div className="bar">
        <button type="submit" className="button primary" disabled={!isReady}>
          Keep
        </button>
        <button type="button" className="button" onClick={() => setOpen(false)}>
          Leave it
        </button>
      </div>
      {note.error && <ErrorNote error={note.error} />}
    </form>
  );
}
