/** What was said about a thing, by conversations, and a line to say more: to all, or to one comment. */

import { useState } from "react";

import { api, told } from "../api";
import { type Comment, conversations, useReading, useThread } from "../api/threads";
import { Talk } from "./conversation";
import { ErrorNote } from "./error-note";
import { Right } from "./right";
import { Say } from "./say";

import "./thread.css";

const NONE: readonly Comment[] = [];

interface ThreadProps {
  /** What it is about: `run:<id>`, `data:<name>@3`, `decision:<id>`. */
  about: string;
  title?: string;
}

export function Thread({ about, title = "What was said" }: ThreadProps) {
  const [anchor, setAnchor] = useState("");
  const found = useThread(about);
  const say = async (text: string) => {
    const part = anchor.trim() ? { anchor: anchor.trim() } : {};
    await told(api.POST("/threads", { body: { about, text, ...part } }));
    setAnchor("");
  };
  const comments = found.data?.comments ?? NONE;
  const fresh = useReading(comments);
  return (
    <section aria-label={title} className="thread">
      <h2>{title}</h2>
      {found.error && <ErrorNote error={found.error} onAgain={() => void found.refetch()} />}
      {found.data && comments.length === 0 && <p className="hint">Nothing yet.</p>}
      <ol>
        {conversations(comments).map((one) => (
          <Talk key={one.first.number} about={about} one={one} fresh={fresh} />
        ))}
      </ol>
      <label className="thread-anchor">
        about the part
        <input
          value={anchor}
          placeholder="train.py:12, metrics.loss"
          onChange={(event) => setAnchor(event.target.value)}
        />
      </label>
      <Right to="team.write" isTold>
        <Say
          label="A comment; @name calls somebody"
          sayings={[{ label: "Say it", say }]}
          isCalling
        />
      </Right>
    </section>
  );
}
