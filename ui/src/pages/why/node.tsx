/** One thing of a trace: how it hangs on the one above, what is known and said of it, its sources. */

import { Link } from "@tanstack/react-router";

import { addressOfLink, addressOfTalk } from "../../api/links";
import { countText } from "../../api/words";
import { Badge, Status } from "../../parts/badge";
import { Time } from "../../parts/time";
import { WhyLink } from "../../parts/why-link";
import { Facts } from "./facts";
import { addressOfNode, anchorOf, askingOf, type RunFacts, type Via, type WhyNode } from "./shapes";

const PATHS_SHOWN = 3;
const WAYS = { reproduces: "repeats", parent: "begun inside", in: "a file of" } as const;

export function Tree({ node, isRoot = false }: { node: WhyNode; isRoot?: boolean }) {
  const { status } = node.facts as RunFacts;
  return (
    <li className="why-node" id={node.above ? undefined : anchorOf(node)}>
      <p className="why-head">
        <How node={node} /> <Badge>{node.kind}</Badge> <Name node={node} />
        {node.kind === "run" && status && <Status status={status} />}
        <span className="why-made">
          {node.by && `by ${node.by} `}
          {node.at && <Time at={node.at} />}
          {node.project && ` in ${node.project}`}
        </span>
        {node.above ? (
          <a href={`#${encodeURIComponent(anchorOf(node))}`}>told above</a>
        ) : (
          !isRoot && <WhyLink what={askingOf(node)} name={node.label} />
        )}
      </p>
      {!node.above && <Facts node={node} />}
      {node.said.length > 0 && (
        <ul className="why-said" aria-label={`Said of ${node.label}`}>
          {node.said.map((one) => (
            <li key={`${one.sort} ${one.id} ${one.at}`}>
              <Badge tone={one.sort === "decision" ? "info" : "quiet"}>{one.sort}</Badge>{" "}
              <SaidName of={node} said={one} />{" "}
              <span className="faint">
                by {one.by}, <Time at={one.at} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {node.sources.length > 0 && (
        <ul className="why-sources" aria-label={`What ${node.label} came from`}>
          {node.sources.map((one, index) => (
            <Tree key={index} node={one} />
          ))}
        </ul>
      )}
    </li>
  );
}

function Name({ node }: { node: WhyNode }) {
  const address = addressOfNode(node);
  if (!address) return <strong className="why-name">{node.label}</strong>;
  return (
    <Link to={address} className="why-name">
      {node.label}
    </Link>
  );
}

/** What was said, with where it stands; a thread stands with the thing that it is about. */
function SaidName({ of, said }: { of: WhyNode; said: WhyNode["said"][number] }) {
  const address =
    said.sort === "note"
      ? `/runs/${encodeURIComponent(said.id)}?tab=notes`
      : said.sort === "thread"
        ? addressOfTalk(askingOf(of))
        : addressOfLink(`${said.sort}:${said.id}`);
  const label = said.sort === "thread" ? "what was said about it" : said.label;
  return address ? <Link to={address}>{label}</Link> : <span>{label}</span>;
}

/** How a thing hangs on the one above it; the paths of a run lead to its files. */
function How({ node }: { node: WhyNode }) {
  const via = node.via as Via | null;
  if (!via) return null;
  if (via.as) return <span className="why-via">{WAYS[via.as]}</span>;
  if (node.kind === "data") {
    const files = via.files ? `read ${countText(via.files, "file")} of` : "looked up";
    return <span className="why-via">{files}</span>;
  }
  const paths = (via.paths ?? []).filter(Boolean);
  const more = paths.length - PATHS_SHOWN;
  return (
    <span className="why-via">
      {paths.slice(0, PATHS_SHOWN).map((path, index) => (
        <span key={path}>
          {index > 0 && ", "}
          {path.includes(":/") ? (
            <code>{path}</code>
          ) : (
            <Link to="/runs/$run" params={{ run: node.id }} search={{ tab: "files", path }}>
              {path}
            </Link>
          )}
        </span>
      ))}
      {more > 0 && ` and ${more} more`} from
    </span>
  );
}
