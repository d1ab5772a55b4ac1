/** The reviews of a thing: what was found, what the reader finds, and who is to look. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { api, told } from "../api";
import { addressOfLink } from "../api/links";
import { usePeople } from "../api/people";
import type { components } from "../api/schema";
import { Badge } from "./badge";
import { Due } from "./due";
import { ErrorNote } from "./error-note";
import { Right } from "./right";
import { Say } from "./say";
import { Found, judgements, ReviewState } from "./verdicts";

import "./reviews.css";

type Review = components["schemas"]["Review"];

interface ReviewsProps {
  /** What is looked at: `run:<id>`, `data:<name>@3`, `model:<name>@2`. */
  about: string;
  title?: string;
}

export function Reviews({ about, title = "Reviews" }: ReviewsProps) {
  const { me } = usePeople();
  const found = useQuery({
    queryKey: ["reviews", about],
    queryFn: ({ signal }) =>
      told(api.GET("/reviews", { params: { query: { about, closed: true } }, signal })),
  });
  return (
    <section aria-label={title} className="reviews">
      <h2>{title}</h2>
      {found.error && <ErrorNote error={found.error} onAgain={() => void found.refetch()} />}
      <ul>
        {found.data?.reviews.map((one) => (
          <One key={one.id} one={one} me={me} />
        ))}
      </ul>
      <Right to="team.write">
        <AskForOne about={about} />
      </Right>
    </section>
  );
}

function One({ one, me }: { one: Review; me: string }) {
  const mine = one.asked.find((each) => each.member === me);
  const isAsked = mine !== undefined && mine.verdict === null;
  const isOver = one.state === "withdrawn";
  const [isOpen, setOpen] = useState(false);
  return (
    <li>
      <div className="bar">
        <Link to="/reviews/$item" params={{ item: one.id }}>
          {one.by} asked {one.asked.map((each) => each.name).join(", ") || "whoever knows it"}
        </Link>
        <ReviewState state={one.state} />
        {one.contested && <Badge tone="warn">contested</Badge>}
        {isAsked && !isOver && <Due at={mine.due_ms} />}
      </div>
      {one.detail && <p className="reviews-detail">{one.detail}</p>}
      {one.verdicts.map((each) => (
        <p key={each.member} className="reviews-found">
          {each.name} <Found verdict={each.verdict} /> {each.text}{" "}
          {each.evidence && <Shows link={each.evidence} />}
        </p>
      ))}
      {me !== "" && one.author !== me && !isOver && (
        <Right to="team.write">
          {!isAsked && (
            <button
              type="button"
              className="link"
              aria-expanded={isOpen}
              onClick={() => setOpen(!isOpen)}
            >
              {mine || one.verdicts.some((each) => each.member === me)
                ? "say something else"
                : "say what you find"}
            </button>
          )}
          {(isAsked || isOpen) && (
            <Say
              label="What you find"
              sayings={judgements(one.id)}
              isAtOnce={isOpen}
              onDone={() => setOpen(false)}
            />
          )}
        </Right>
      )}
    </li>
  );
}

/** Leads to what somebody judged by: the repetition of a run. */
function Shows({ link }: { link: string }) {
  const address = addressOfLink(link);
  return address && <Link to={address}>what shows it</Link>;
}

/** Who is to look; the record suggests who knows it and starts soonest. */
function AskForOne({ about }: { about: string }) {
  const [who, setWho] = useState("");
  const [detail, setDetail] = useState("");
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["review-suggestions", about],
    queryFn: ({ signal }) =>
      told(api.GET("/review-suggestions", { params: { query: { about } }, signal })),
  });
  const ask = useMutation({
    mutationFn: () => told(api.POST("/reviews", { body: { about, reviewers: [who], detail } })),
    onSuccess: async () => {
      setWho("");
      setDetail("");
      await queries.invalidateQueries();
    },
  });
  const people = found.data?.suggested ?? [];
  if (found.data && people.length === 0) return <p className="hint">Nobody else could look yet.</p>;
  return (
    <form
      className="bar"
      onSubmit={(event) => {
        event.preventDefault();
        if (who && !ask.isPending) ask.mutate();
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
      <input
        aria-label="What to look at"
        placeholder="What to look at"
        value={detail}
        onChange={(event) => setDetail(event.target.value)}
      />
      <button type="submit" className="button" disabled={!who || ask.isPending}>
        Ask for a review
      </button>
      {ask.error && <ErrorNote error={ask.error} />}
    </form>
  );
}
