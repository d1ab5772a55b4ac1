/** One comment and its replies: answered where it stands, dealt with, and opened again. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useRef, useState } from "react";

import { api, told } from "../api";
import { parts } from "../api/calls";
import { usePeople } from "../api/people";
import type { Comment, Conversation } from "../api/threads";
import { countText } from "../api/words";
import { Badge } from "./badge";
import { ErrorNote } from "./error-note";
import { Right } from "./right";
import { Say } from "./say";
import { Time } from "./time";

interface TalkProps {
  about: string;
  one: Conversation;
  /** The keys of what is new to the reader. */
  fresh: ReadonlySet<string>;
}

/** A conversation; what is dealt with is one line until it is asked for. */
export function Talk({ about, one, fresh }: TalkProps) {
  const { first, replies } = one;
  const [re, setRe] = useState<Comment | null>(null);
  const isNew = (each: Comment) => each.unread || fresh.has(each.key);
  const [isShown, setShown] = useState(() => replies.some(isNew));
  const asked = useRef<HTMLButtonElement | null>(null);
  const answer = (to: Comment, button: HTMLButtonElement) => {
    asked.current = button;
    setRe(to);
    setShown(true);
  };
  const leave = () => {
    setRe(null);
    asked.current?.focus();
  };
  const say = (text: string) =>
    told(api.POST("/threads", { body: { about, text, re: re?.number ?? first.number } }));
  const isClosed = first.resolved && !isShown;
  return (
    <li className="talk" data-done={first.resolved || undefined}>
      <Said one={first} isNew={isNew(first)} isShort={isClosed}>
        <button
          type="button"
          className="link"
          onClick={(event) => answer(first, event.currentTarget)}
        >
          reply
        </button>
        <Done about={about} one={first} onDone={() => setShown(false)} />
        {first.resolved && (
          <button
            type="button"
            className="link"
            aria-expanded={isShown}
            onClick={() => setShown(!isShown)}
          >
            {isShown ? "less" : moreText(replies.length, replies.filter(isNew).length)}
          </button>
        )}
      </Said>
      {!isClosed && replies.length > 0 && (
        <ol className="talk-replies">
          {replies.map((reply) => (
            <li key={reply.number}>
              <Said
                one={first.resolved ? { ...reply, resolved: false } : reply}
                isNew={isNew(reply)}
                to={reply.re === first.number ? null : nameOf(one, reply.re)}
              >
                <Right to="team.write">
                  <button
                    type="button"
                    className="link"
                    onClick={(event) => answer(reply, event.currentTarget)}
                  >
                    reply
                  </button>
                  {reply.resolved && !first.resolved && <Done about={about} one={reply} />}
                </Right>
              </Said>
            </li>
          ))}
        </ol>
      )}
      {re && (
        <div className="talk-answer">
          <Say
            key={re.number}
            label={`Your reply to ${re.by}`}
            sayings={[{ label: "Reply", say }]}
            isAtOnce
            isCalling
            onDone={leave}
          />
        </div>
      )}
    </li>
  );
}

interface SaidProps {
  one: Comment;
  isNew: boolean;
  /** Whom it answers, where that is not plain to see. */
  to?: string | null;
  /** Only how it begins. */
  isShort?: boolean;
  children: ReactNode;
}

function Said({ one, isNew, to = null, isShort = false, children }: SaidProps) {
  return (
    <>
      <div className="talk-head">
        <b>{one.by}</b>
        {one.anchor && <code>{one.anchor}</code>}
        {to !== null && <span className="faint">to {to}</span>}
        <span className="faint">
          <Time at={new Date(one.at_ms).toISOString()} />
        </span>
        {isNew && <Badge tone="info">new</Badge>}
        {one.resolved && <Badge tone="good">dealt with</Badge>}
        {children}
      </div>
      <p className={isShort ? "talk-short" : undefined}>
        <Words one={one} />
      </p>
    </>
  );
}

/** What was said, with the names of those whom it calls. */
function Words({ one }: { one: Comment }) {
  const { all } = usePeople();
  const called = all.filter((each) => one.mentions.includes(each.member));
  return parts(one.text, called).map(({ text, person }, index) =>
    person ? (
      <b key={index} className="talk-call">
        @{person.name}
      </b>
    ) : (
      text
    ),
  );
}

interface DoneProps {
  about: string;
  one: Comment;
  onDone?: () => void;
}

/** Says that a comment is dealt with, or that it is not after all. */
function Done({ about, one, onDone }: DoneProps) {
  const queries = useQueryClient();
  const resolve = useMutation({
    mutationFn: () =>
      told(
        api.POST("/threads/resolve", {
          body: { about, number: one.number, done: !one.resolved },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries();
      onDone?.();
    },
  });
  return (
    <>
      <button type="button" className="link" onClick={() => !resolve.isPending && resolve.mutate()}>
        {one.resolved ? "open again" : "mark as dealt with"}
      </button>
      {resolve.error && <ErrorNote error={resolve.error} />}
    </>
  );
}

function nameOf({ first, replies }: Conversation, number: number | null): string | null {
  return [first, ...replies].find((one) => one.number === number)?.by ?? null;
}

function moreText(replies: number, fresh: number): string {
  if (replies === 0) return "all";
  const count = countText(replies, "reply", "replies");
  return fresh > 0 ? `${count}, ${fresh} new` : count;
}
