/** Leads from a thing to what it came from. */

import { Link } from "@tanstack/react-router";

interface WhyLinkProps {
  /** As `/why` takes it: `run:ID`, `ID:metrics.loss`, `model:NAME@3`. */
  what: string;
  /** What it is called, for those who hear the page. */
  name: string;
  isButton?: boolean;
}

export function WhyLink({ what, name, isButton = false }: WhyLinkProps) {
  return (
    <Link
      to="/why"
      search={{ what }}
      className={isButton ? "button" : "why-link"}
      aria-label={`Why ${name}`}
      title="What it came from: runs, data, code, people and decisions"
    >
      Why
    </Link>
  );
}
