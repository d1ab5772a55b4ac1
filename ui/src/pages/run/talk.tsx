/** What people say of the run: its reviews, and its thread. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { api, told } from "../../api";
import { Badge, type Tone } from "../../parts/badge";
import { ErrorNote } from "../../parts/error-note";
import { Thread } from "../../parts/thread";
import type { TabProps } from "./run-page";

const STATES: Record<string, Tone> = {
  open: "info",
  approved: "good",
  "changes-requested": "bad",
  withdrawn: "quiet",
};

export default function Talk({ run }: TabProps) {
  const about = `run:${run.id}`;
  return (
    <>
      <Reviews about={about} />
      <Thread about={about} />
    </>
  );
}

function Reviews({ about }: { about: string }) {
  const found = useQuery({
    queryKey: ["reviews", about],
    queryFn: ({ signal }) =>
      told(api.GET("/reviews", { params: { query: { about, closed: true } }, signal })),
  });
  return (
    <section aria-label="Reviews" className="talk-reviews">
      <h2>Reviews</h2>
      {found.error && <ErrorNote error={found.error} />}
      <ul>
        {found.data?.reviews.map((one) => (
          <li key={one.id}>
            <Link to="/reviews/$item" params={{ item: one.id }}>
              {one.by} asked {one.asked.map((each) => each.name).join(", ") || "whoever knows it"}
            </Link>{" "}
            <Badge tone={STATES[one.state] ?? "quiet"}>{one.state}</Badge>{" "}
            {one.verdicts.map((each) => (
              <span key={each.member} className="faint">
                {each.name}: {each.verdict}{" "}
              </span>
            ))}
          </li>
        ))}
      </ul>
      <AskForOne about={about} />
    </section>
  );
}

/** Who is to look; the record suggests who knows it and starts soonest. */
function AskForOne({ about }: { about: string }) {
  const [who, setWho] = useState("");
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["review-suggestions", about],
    queryFn: ({ signal }) =>
      told(api.GET("/review-suggestions", { params: { query: { about } }, signal })),
  });
  const ask = useMutation({
    mutationFn: () => told(api.POST("/reviews", { body: { about, reviewers: [who], detail: "" } })),
    onSuccess: () => queries.invalidateQueries(),
  });
  const people = found.data?.suggested ?? [];
  if (found.data && people.length === 0) return <p className="hint">Nobody else could look yet.</p>;
  return (
    <form
      className="bar"
      onSubmit={(event) => {
        event.preventDefault();
        if (who) ask.mutate();
      }}
    >
      <select
        aria-label="Who is to look"
        value={who}
        onChange={(event) => setWho(event.target.value)}
      >
        <option value="">Who is to look</option>
        {people.map((one) => (
          <option key={one.member} value={one.member}>
            {one.name}
            {one.why.length > 0 && ` (${one.why.join(", ")})`}
          </option>
        ))}
      </select>
      <button type="submit" className="button" disabled={!who || ask.isPending}>
        Ask for a review
      </button>
      {ask.error && <ErrorNote error={ask.error} />}
    </form>
  );
}
