/** Lines of a brief: who did what to which thing, when, and by when something is to be done. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { api, told } from "../../api";
import { addressOfLink, commandOfLink } from "../../api/links";
import type { components } from "../../api/schema";
import { Badge, type Tone } from "../../parts/badge";
import { CopyButton } from "../../parts/copy-button";
import { ErrorNote } from "../../parts/error-note";
import { Right } from "../../parts/right";
import { Time } from "../../parts/time";

type Line = components["schemas"]["Line"];

/** What is said between a person and a thing, and the tone of it. */
const SAYS: Record<string, [string, Tone]> = {
  asked: ["asks you", "info"],
  answered: ["answered", "good"],
  blocker: ["is blocked, yours to clear:", "bad"],
  review: ["waits for your review of", "info"],
  decision: ["waits for your comment on", "info"],
  handover: ["hands over to you:", "warn"],
  question: ["asks before taking over", "warn"],
  declined: ["declined", "bad"],
  accepted: ["took over", "good"],
  replied: ["replied on", "quiet"],
  read: ["wrote what you are to read of", "warn"],
  meeting: ["asks you to meet:", "info"],
  firing: ["has a contingency that is true now in", "bad"],
  mention: ["calls you on", "info"],
  comment: ["said on", "quiet"],
  best: ["has the best yet:", "good"],
  failed: ["failed:", "bad"],
  finished: ["ran", "quiet"],
  reproduced: ["repeated", "good"],
  data: ["added", "quiet"],
  model: ["registered", "quiet"],
  decided: ["settled", "good"],
  proposed: ["proposed", "info"],
  judged: ["reviewed", "quiet"],
  done: ["did", "good"],
  took: ["took over", "good"],
  standup: ["said of", "quiet"],
};

export function Lines({ lines }: { lines: readonly Line[] }) {
  return (
    <ul className="brief-lines">
      {lines.map((line) => (
        <One key={`${line.kind} ${line.link} ${line.at_ms} ${line.text}`} line={line} />
      ))}
    </ul>
  );
}

function One({ line }: { line: Line }) {
  const [verb, tone] = SAYS[line.kind] ?? [line.kind, "quiet" as const];
  const isLate = line.due_ms !== null && line.due_ms < Date.now();
  return (
    <li className={`brief-line brief-${tone}`}>
      <div className="brief-what">
        <b>{line.by ?? "Somebody"}</b> {verb} <Thing line={line} />
        {line.text && <span className="brief-text">{line.text}</span>}
        {line.kind === "asked" && (
          <Right to="team.write">
            <Answer link={line.link} />
          </Right>
        )}
      </div>
      <div className="brief-when">
        {line.urgent && <Badge tone="bad">urgent</Badge>}
        {line.due_ms !== null ? (
          <Badge tone={isLate ? "bad" : "warn"}>
            {line.kind === "proposed" ? "comments until " : isLate ? "was due " : "due "}
            <Time at={new Date(line.due_ms).toISOString()} />
          </Badge>
        ) : (
          <Time at={new Date(line.at_ms).toISOString()} />
        )}
      </div>
    </li>
  );
}

function Thing({ line }: { line: Line }) {
  const address = addressOfLink(line.link);
  if (address) return <Link to={address}>{line.title}</Link>;
  return (
    <>
      <span>{line.title}</span>{" "}
      <CopyButton text={commandOfLink(line.link)} label="Copy the command that opens it" />
    </>
  );
}

/** A line to answer an ask in; it opens when it is wanted. */
function Answer({ link }: { link: string }) {
  const [text, setText] = useState<string | null>(null);
  const queries = useQueryClient();
  const answer = useMutation({
    mutationFn: (said: string) =>
      told(
        api.POST("/asks/{item}/answer", {
          params: { path: { item: link.slice(link.indexOf(":") + 1) } },
          body: { text: said, about: [] },
        }),
      ),
    onSuccess: () => queries.invalidateQueries(),
  });
  if (text === null) {
    return (
      <button type="button" className="link" onClick={() => setText("")}>
        answer
      </button>
    );
  }
  return (
    <form
      className="bar brief-answer"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) answer.mutate(text);
      }}
    >
      <input
        aria-label="Your answer"
        value={text}
        autoFocus
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="button primary" disabled={answer.isPending || !text.trim()}>
        Answer
      </button>
      {answer.error && <ErrorNote error={answer.error} />}
    </form>
  );
}
