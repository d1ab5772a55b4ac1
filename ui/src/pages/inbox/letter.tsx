/** One letter of the inbox: who wants what by when, and what can be done about it here. */

import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import { api, told } from "../../api";
import { addressOfLink, addressOfTalk, commandOfLink } from "../../api/links";
import type { components } from "../../api/schema";
import { Badge } from "../../parts/badge";
import { useMay } from "../../parts/right";
import { CopyButton } from "../../parts/copy-button";
import { Due } from "../../parts/due";
import {} from "../../parts/right";
import { Say, type Saying } from "../../parts/say";
import { Time } from "../../parts/time";

export type Letter = components["schemas"]["Letter"];

const VERBS: Record<Letter["kind"], string> = {
  asked: "asks you",
  answered: "answered your ask",
  blocker: "is stuck, and it is yours to clear:",
  review: "waits for your review of",
  decision: "waits for your comment on",
  handover: "hands over to you:",
  question: "asks before taking over",
  declined: "declined",
  accepted: "took over",
  replied: "replied on",
  firing: "armed a contingency that is true now:",
  read: "wrote what you are to read of",
  meeting: "asks you to meet:",
  mention: "calls you on",
  comment: "said on",
};

/** What is said to these stands in a thread, where `@name` calls somebody. */
const CALLING: ReadonlySet<Letter["kind"]> = new Set(["mention", "comment", "decision"]);

interface LetterRowProps {
  one: Letter;
  name: string;
  isAt: boolean;
  isOpen: boolean;
  onAt: () => void;
  onOpen: (isOpen: boolean) => void;
  onRead: () => void;
}

export function LetterRow({ one, name, isAt, isOpen, onAt, onOpen, onRead }: LetterRowProps) {
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isAt) row.current?.scrollIntoView({ block: "nearest" });
  }, [isAt]);
  const address = one.on ? addressOfTalk(one.on) : addressOfLink(one.link);
  const may = useMay();
  const sayings = sayingsOf(one);
  return (
    <li
      ref={row}
      className="inbox-letter"
      data-at={isAt || undefined}
      data-unread={one.unread || undefined}
      onClick={onAt}
    >
      <div className="inbox-what">
        {one.unread && <span className="inbox-dot" role="img" aria-label="Unread" />}
        <p>
          <b>{name}</b> {VERBS[one.kind]}{" "}
          {address ? (
            <Link to={address} className="inbox-title">
              {one.title}
            </Link>
          ) : (
            <span className="inbox-title">{one.title}</span>
          )}
        </p>
        {one.text && <p className="inbox-text">{one.text}</p>}
        {isOpen && sayings.length > 0 ? (
          <Say
            label={one.kind === "asked" ? "Your answer" : "What you say"}
            sayings={sayings}
            isAtOnce
            isCalling={CALLING.has(one.kind)}
            onDone={() => onOpen(false)}
          />
        ) : (
          <div className="bar inbox-does">
            {sayings.length > 0 && may("team.write") && (
              <button type="button" className="link" onClick={() => onOpen(true)}>
                {sayings.map((saying) => saying.label.toLowerCase()).join(" or ")}
              </button>
            )}
            {one.unread && (
              <button type="button" className="link" onClick={onRead}>
                mark read
              </button>
            )}
            {!address && (
              <CopyButton
                text={commandOfLink(one.on ?? one.link)}
                label="Copy the command that opens it"
              />
            )}
          </div>
        )}
      </div>
      <div className="inbox-when">
        {one.urgent && <Badge tone="bad">urgent</Badge>}
        {one.due_ms !== null ? (
          <Due at={one.due_ms} />
        ) : (
          <span className="faint">
            <Time at={new Date(one.at_ms).toISOString()} />
          </span>
        )}
      </div>
    </li>
  );
}

/** Return what can be said to a letter without leaving the list. */
export function sayingsOf(one: Letter): readonly Saying[] {
  const item = one.link.slice(one.link.indexOf(":") + 1);
  const params = { path: { item } };
  const close = (outcome: "done" | "declined") => (text: string) =>
    told(api.POST("/asks/{item}/close", { params, body: { outcome, text } }));
  switch (one.kind) {
    case "asked":
      return [
        {
          label: "Answer",
          say: (text) =>
            told(api.POST("/asks/{item}/answer", { params, body: { text, about: [] } })),
        },
        { label: "Decline", say: close("declined") },
      ];
    case "answered":
      return [
        { label: "Close", say: close("done"), isMute: true },
        {
          label: "Ask again",
          say: (text) => told(api.POST("/asks/{item}/reopen", { params, body: { text } })),
        },
      ];
    case "blocker":
      return [
        {
          label: "Cleared",
          isMute: true,
          say: (text) =>
            told(
              api.POST("/blockers/{item}/{move}", {
                params: { path: { item, move: "clear" } },
                body: { text },
              }),
            ),
        },
      ];
    case "mention":
    case "comment":
    case "decision":
      return [
        {
          label: "Reply",
          say: (text) => told(api.POST("/threads", { body: { about: one.on ?? one.link, text } })),
        },
      ];
    default:
      return [];
  }
}
