/** Where what the run read came from, and what became of what it gave. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { api, told } from "../api";
import type { components } from "../api/schema";
import { countText } from "../api/words";
import { Status } from "./badge";
import { ErrorNote } from "./error-note";
import { layers } from "./layers";

import "./lineage.css";

type Lineage = components["schemas"]["Lineage"];
export type Node = components["schemas"]["Node"];

const BOX = { width: 210, height: 58, acrossPx: 290, downPx: 82, edge: 16 };
const DEPTHS = [1, 2, 3, 5];

interface LineageProps {
  run: string;
  depth?: number | undefined;
  onDepth: (depth: number) => void;
  /** Where a box leads. */
  addressOf: (node: Node) => string;
}

export function LineageOf({ run, depth = 3, onDepth, addressOf }: LineageProps) {
  const found = useQuery({
    queryKey: ["run", run, "lineage", depth],
    queryFn: ({ signal }) =>
      told(
        api.GET("/runs/{run}/lineage", {
          params: { path: { run }, query: { depth } },
          signal,
        }),
      ),
  });
  if (found.error) return <ErrorNote error={found.error} onAgain={() => void found.refetch()} />;
  if (!found.data) return <div className="lineage-waits" aria-busy="true" />;
  const { nodes, edges, complete } = found.data;
  return (
    <>
      <div className="bar">
        <label>
          Steps away{" "}
          <select value={depth} onChange={(event) => onDepth(Number(event.target.value))}>
            {DEPTHS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <span className="faint">
          {countText(nodes.length - 1, "run or version", "runs and versions")} around it, found by
          the bytes of files
        </span>
        {!complete && (
          <button type="button" className="button" onClick={() => found.refetch()}>
            There is more: look further
          </button>
        )}
      </div>
      {edges.length ? (
        <Graph lineage={found.data} addressOf={addressOf} />
      ) : (
        <p className="empty">
          No other run made what this one read, and none read what it made. Edges appear by
          themselves: a file that one run writes and another reads is enough.
        </p>
      )}
    </>
  );
}

interface GraphProps {
  lineage: Lineage;
  addressOf: LineageProps["addressOf"];
}

function Graph({ lineage, addressOf }: GraphProps) {
  const places = layers(
    lineage.nodes.map((node) => node.id),
    lineage.edges,
  );
  const at = new Map(places.map((one) => [one.id, one]));
  const width = (Math.max(...places.map((one) => one.column)) + 1) * BOX.acrossPx;
  const height = (Math.max(...places.map((one) => one.row)) + 1) * BOX.downPx;
  const left = (id: string) => (at.get(id)?.column ?? 0) * BOX.acrossPx + BOX.edge;
  const top = (id: string) => (at.get(id)?.row ?? 0) * BOX.downPx + BOX.edge;
  return (
    <div className="lineage scroll" tabIndex={0} role="region" aria-label="Lineage">
      <div className="lineage-all" style={{ width, height: height + BOX.edge }}>
        <svg width={width} height={height + BOX.edge} aria-hidden>
          {lineage.edges.map((edge) => {
            const x1 = left(edge.from) + BOX.width;
            const y1 = top(edge.from) + BOX.height / 2;
            const x2 = left(edge.to);
            const y2 = top(edge.to) + BOX.height / 2;
            const bend = Math.max(30, (x2 - x1) / 2);
            return (
              <path
                key={`${edge.from} ${edge.to} ${edge.kind}`}
                className={`edge edge-${edge.kind}`}
                d={`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}
              >
                <title>{edge.paths.join("\n")}</title>
              </path>
            );
          })}
        </svg>
        {lineage.nodes.map((node) => (
          <NodeBox
            key={node.id}
            node={node}
            address={addressOf(node)}
            here={node.id === lineage.run}
            carries={pathsTo(lineage, node.id)}
            style={{ left: left(node.id), top: top(node.id), width: BOX.width, height: BOX.height }}
          />
        ))}
      </div>
    </div>
  );
}

function pathsTo(lineage: Lineage, id: string): string {
  const given = lineage.edges.filter((one) => one.from === id).flatMap((one) => one.paths);
  return [...new Set(given)].join(", ");
}

interface BoxProps {
  node: Node;
  address: string;
  here: boolean;
  carries: string;
  style: React.CSSProperties;
}

function NodeBox({ node, address, here, carries, style }: BoxProps) {
  const isRun = node.kind === "run";
  return (
    <Link
      to={address}
      className={`node node-${node.kind}${here ? " node-here" : ""}`}
      style={style}
      title={carries ? `gave ${carries}` : undefined}
      aria-current={here}
    >
      <strong>{isRun ? node.name : (node.label ?? node.name)}</strong>
      <span className="faint">
        {isRun ? <Status status={node.status ?? ""} /> : "data"}
        {carries && ` → ${carries}`}
      </span>
    </Link>
  );
}
