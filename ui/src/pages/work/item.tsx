/** A thing that people work on, as one line of a list: what, whose, by when, and what can be done. */

import { Link, useRouterState } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";

import { addressOfLink } from "../../api/links";
import { Badge, type Tone } from "../../parts/badge";
import { Due } from "../../parts/due";
import { useMay } from "../../parts/right";
import { Say, type Saying } from "../../parts/say";

const TONES: Record<string, Tone> = {
  open: "info",
  answered: "good",
  approved: "good",
  accepted: "good",
  done: "good",
  proposed: "info",
  rejected: "bad",
  "changes-requested": "bad",
};

export function State({ state }: { state: string }) {
  return <Badge tone={TONES[state] ?? "quiet"}>{state.replaceAll("-", " ")}</Badge>;
}

interface ItemProps {
  id: string;
  title: ReactNode;
  state: string;
  /** Who it is of, and who is to do it. */
  who: ReactNode;
  due?: number | null;
  marks?: ReactNode;
  about?: readonly string[];
  labels?: Record<string, string>;
  text?: string | null;
  sayings?: readonly Saying[];
}

export function Item(props: ItemProps) {
  const { id, title, state, who, due, marks, about = [], labels = {}, text, sayings = [] } = props;
  const [isOpen, setOpen] = useState(false);
  const may = useMay();
  const isNamed = useRouterState({ select: ({ location }) => location.hash === id });
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isNamed) row.current?.scrollIntoView({ block: "center" });
  }, [isNamed]);
  return (
    <li ref={row} id={id} className="work-item" aria-current={isNamed || undefined}>
      <div className="work-head">
        <span className="work-title">{title}</span>
        <span className="work-marks">
          {marks}
          <Due at={due} />
          <State state={state} />
        </span>
      </div>
      <p className="hint work-who">
        {who}
        <Links links={about} labels={labels} />
      </p>
      {text && <p className="work-text">{text}</p>}
      {isOpen ? (
        <Say label="What you say" sayings={sayings} isAtOnce onDone={() => setOpen(false)} />
      ) : (
        sayings.length > 0 &&
        may("team.write") && (
          <button type="button" className="link work-does" onClick={() => setOpen(true)}>
            {sayings.map((one) => one.label.toLowerCase()).join(" or ")}
          </button>
        )
      )}
    </li>
  );
}

interface LinksProps {
  links: readonly string[];
  labels: Record<string, string>;
}

/** What a thing points to, by what it is called. */
export function Links({ links, labels }: LinksProps) {
  return links.map((link) => {
    const address = addressOfLink(link);
    const label = labels[link] ?? link;
    return (
      <span key={link} className="work-link">
        {address ? <Link to={address}>{label}</Link> : label}
      </span>
    );
  });
}

/** Return what was said last with a move, if anything was. */
export function lastText(moves: readonly Record<string, unknown>[]): string | null {
  const text = moves.at(-1)?.["text"];
  return typeof text === "string" && text ? text : null;
}
