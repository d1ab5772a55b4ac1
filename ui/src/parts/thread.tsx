/** What was said about a thing, in order, and a line to say more: to all, or to one comment. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, told } from "../api";
import type { components } from "../api/schema";
import { Badge } from "./badge";
import { ErrorNote } from "./error-note";
import { Say } from "./say";
import { Time } from "./time";

import "./thread.css";

type Comment = components["schemas"]["Comment"];

interface ThreadProps {
  /** What it is about: `run:<id>`, `data:<name>@3`, `decision:<id>`. */
  about: string;
  title?: string;
}

export function Thread({ about, title = "What was said" }: ThreadProps) {
  const [re, setRe] = useState<Comment | null>(null);
  const [anchor, setAnchor] = useState("");
  const found = useQuery({
    queryKey: ["thread", about],
    queryFn: ({ signal }) => told(api.GET("/threads", { params: { query: { about } }, signal })),
  });
  const say = async (text: string) => {
    const body = {
      about,
      text,
      ...(re ? { re: re.number } : {}),
      ...(anchor.trim() ? { anchor: anchor.trim() } : {}),
    };
    await told(api.POST("/threads", { body }));
    setRe(null);
    setAnchor("");
  };
  const comments = found.data?.comments ?? [];
  return (
    <section aria-label={title} className="thread">
      <h2>{title}</h2>
      {found.error && <ErrorNote error={found.error} onAgain={() => void found.refetch()} />}
      {found.data && comments.length === 0 && <p className="hint">Nothing yet.</p>}
      <ol>
        {comments.map((one) => (
          <li key={one.number} className={one.re === null ? "" : "thread-reply"}>
            <div className="thread-head">
              <b>{one.by}</b>
              {one.anchor && <code>{one.anchor}</code>}
              {one.re !== null && (
                <span className="faint">to {comments.find((it) => it.number === one.re)?.by}</span>
              )}
              <span className="faint">
                <Time at={new Date(one.at_ms).toISOString()} />
              </span>
              {one.resolved && <Badge tone="good">dealt with</Badge>}
              <button type="button" className="link" onClick={() => setRe(one)}>
                reply
              </button>
            </div>
            <p>{one.text}</p>
          </li>
        ))}
      </ol>
      {re && (
        <p className="hint">
          To {re.by}: “{re.text.slice(0, 80)}”{" "}
          <button type="button" className="link" onClick={() => setRe(null)}>
            to all instead
          </button>
        </p>
      )}
      <label className="thread-anchor">
        about the part
        <input
          value={anchor}
          placeholder="train.py:12, metrics.loss"
          onChange={(event) => setAnchor(event.target.value)}
        />
      </label>
      <Say label="A comment; @name calls somebody" sayings={[{ label: "Say it", say }]} />
    </section>
  );
}
