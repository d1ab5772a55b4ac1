/** Markdown that people wrote, as elements: no HTML of theirs, no picture of another host. */

import { Link } from "@tanstack/react-router";
import Markdown, { RuleType } from "markdown-to-jsx/react";
import { Fragment, type ReactNode } from "react";

import { addressOfLink } from "../api/links";

import "./prose.css";

const LINK = /\b((?:run|data|model|decision|review|page|meeting|handover):[\w@./-]*[\w])/;
const OUTSIDE = /^(https?:|mailto:)/i;

/** A heading in the text stands under the page's own. */
const HEADINGS = {
  h1: "h2",
  h2: "h3",
  h3: "h4",
  h4: "h5",
  h5: "h6",
} as const;

interface AnchorProps {
  href?: string;
  children?: ReactNode;
}

function Anchor({ href, children }: AnchorProps) {
  if (!href) return <>{children}</>;
  const address = addressOfLink(href);
  if (address) return <Link to={address}>{children}</Link>;
  if (!OUTSIDE.test(href)) return <>{children}</>;
  return (
    <a href={href} rel="noreferrer noopener" target="_blank">
      {children}
    </a>
  );
}

/** A picture would be asked of its host by whoever reads: its words stand there with its address. */
function Picture({ src, alt }: { src?: string; alt?: string }) {
  return <Anchor {...(src ? { href: src } : {})}>{alt || src || "a picture"}</Anchor>;
}

const OPTIONS = {
  disableParsingRawHTML: true,
  forceBlock: true,
  overrides: {
    ...Object.fromEntries(Object.entries(HEADINGS).map(([from, to]) => [from, { component: to }])),
    a: { component: Anchor },
    img: { component: Picture },
  },
};

export function Prose({ text }: { text: string }) {
  return (
    <div className="prose">
      <Markdown
        options={{
          ...OPTIONS,
          renderRule: (next, node, _children, state) =>
            node.type === RuleType.text && !state.inAnchor ? (
              <Fragment key={state.key}>{linked(node.text)}</Fragment>
            ) : (
              next()
            ),
        }}
      >
        {text}
      </Markdown>
    </div>
  );
}

/** Return a text in which what it names of the record is a link: `run:NAME`, `data:NAME@3`. */
function linked(text: string): ReactNode[] {
  return text.split(LINK).map((part, at) => {
    const address = at % 2 ? addressOfLink(part) : null;
    return address ? (
      <Link key={at} to={address}>
        {part}
      </Link>
    ) : (
      part
    );
  });
}
