/** Where what the run read came from, and what became of what it gave. */

import { LineageOf } from "../../parts/lineage";
import type { TabProps } from "./run-page";

export default function LineageTab({ run, search, setSearch }: TabProps) {
  return (
    <LineageOf
      run={run.id}
      depth={search.depth}
      onDepth={(depth) => setSearch({ depth }, { replace: true })}
      addressOf={(node) =>
        node.kind === "run"
          ? `/runs/${node.id}?tab=lineage`
          : `/data/${encodeURIComponent(node.label ?? node.name)}`
      }
    />
  );
}
