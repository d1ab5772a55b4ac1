/** Handovers: those that are open, what the reader would hand over now, and a new one. */

import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { api, told } from "../../api";
import { addressOfLink } from "../../api/links";
import type { components } from "../../api/schema";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Right } from "../../parts/right";
import { Time } from "../../parts/time";
import { Severity, State } from "./words";

import "./handover.css";

type Handover = components["schemas"]["Handover"];
type NewHandover = components["schemas"]["NewHandover"];

export function HandoversPage() {
  const [isAll, setAll] = useState(false);
  const found = useQuery({
    queryKey: ["handovers", isAll],
    queryFn: ({ signal }) =>
      told(api.GET("/handovers", { params: { query: { closed: isAll } }, signal })),
  });
  return (
    <Page
      title="Handovers"
      className="handovers"
      tools={
        <label className="bar">
          <input
            type="checkbox"
            checked={isAll}
            onChange={(event) => setAll(event.target.checked)}
          />{" "}
          those that are over, too
        </label>
      }
    >
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : found.data?.handovers.length === 0 ? (
        <Empty title={isAll ? "Nobody handed over yet." : "No handover is open."} />
      ) : (
        <ul className="handover-list">
          {found.data?.handovers.map((one) => (
            <Row key={one.id} one={one} />
          ))}
        </ul>
      )}
      <Draft />
    </Page>
  );
}

function Row({ one }: { one: Handover }) {
  const care = one.lines.filter((line) => line.severity !== "stable").length;
  return (
    <li>
      <Link to="/handovers/$handover" params={{ handover: one.id }}>
        {one.title}
      </Link>
      <State state={one.state} />
      <span className="faint">
        {one.lines.length} lines{care > 0 && `, ${care} to look after`}
      </span>
      <Time at={new Date(one.touched_ms).toISOString()} />
    </li>
  );
}

function Draft() {
  const draft = useQuery({
    queryKey: ["handover-draft"],
    queryFn: ({ signal }) => told(api.GET("/handovers/draft", { signal })),
  });
  if (draft.error) return <ErrorNote error={draft.error} />;
  if (!draft.data) return <div aria-busy="true" />;
  const { lines, labels } = draft.data;
  return (
    <section className="card" aria-label="What you would hand over now">
      <h2>What you would hand over now</h2>
      {lines.length === 0 && <p className="hint">Nothing of yours is under way.</p>}
      <ul className="handover-draft">
        {lines.map((line) => {
          const address = line.about ? addressOfLink(line.about) : null;
          return (
            <li key={`${line.topic} ${line.about} ${line.facts}`}>
              <Severity severity={line.severity} topic={line.topic} />
              <span>
                {address && line.about && (
                  <>
                    <Link to={address}>{labels[line.about]}</Link>:{" "}
                  </>
                )}
                {line.facts}
              </span>
            </li>
          );
        })}
      </ul>
      <Right to="team.write" isTold>
        <Begin />
      </Right>
    </section>
  );
}

/** To whom it goes: draws the handover up and opens it. */
function Begin() {
  const [to, setTo] = useState("");
  const [backup, setBackup] = useState("");
  const navigate = useNavigate();
  const people = useQuery({
    queryKey: ["people"],
    queryFn: ({ signal }) => told(api.GET("/people", { signal })),
  });
  const me = useQuery({
    queryKey: ["me"],
    queryFn: ({ signal }) => told(api.GET("/me", { signal })),
    staleTime: Infinity,
  });
  const begin = useMutation({
    mutationFn: (body: NewHandover) => told(api.POST("/handovers", { body })),
    onSuccess: (made) =>
      void navigate({ to: "/handovers/$handover", params: { handover: made.id } }),
  });
  const others = (people.data?.members ?? []).filter((one) => one.member !== me.data?.member);
  if (people.data && !others.length) {
    return <p className="hint">Nobody else takes part yet.</p>;
  }
  return (
    <form
      className="bar"
      onSubmit={(event) => {
        event.preventDefault();
        begin.mutate({ to, about: [], kind: "shift", ...(backup ? { backup } : {}) });
      }}
    >
      <select aria-label="To whom" value={to} onChange={(event) => setTo(event.target.value)}>
        <option value="">To whom</option>
        {others.map((one) => (
          <option key={one.member} value={one.member}>
            {one.name} ({one.presence})
          </option>
        ))}
      </select>
      <select
        aria-label="Backup"
        value={backup}
        onChange={(event) => setBackup(event.target.value)}
      >
        <option value="">No backup</option>
        {others
          .filter((one) => one.member !== to)
          .map((one) => (
            <option key={one.member} value={one.member}>
              {one.name}
            </option>
          ))}
      </select>
      <button type="submit" className="button primary" disabled={!to || begin.isPending}>
        Draw it up
      </button>
      {begin.error && <ErrorNote error={begin.error} />}
    </form>
  );
}
