/** Puts a graph into columns: what something came from stands to its left. Pure. */

export interface Placed {
  id: string;
  column: number;
  row: number;
}

interface Edge {
  from: string;
  to: string;
}

/** Return where each node stands; a circle, which there should be none of, ends somewhere. */
export function layers(ids: readonly string[], edges: readonly Edge[]): Placed[] {
  const column = new Map(ids.map((id) => [id, 0]));
  for (let turn = 0; turn < ids.length; turn++) {
    let moved = false;
    for (const { from, to } of edges) {
      const least = (column.get(from) ?? 0) + 1;
      if (column.has(to) && (column.get(to) as number) < least && least < ids.length) {
        column.set(to, least);
        moved = true;
      }
    }
    if (!moved) break;
  }
  pull(ids, edges, column);
  const rows = new Map<number, number>();
  const row = new Map<string, number>();
  const placed = [...ids].sort((a, b) => (column.get(a) as number) - (column.get(b) as number));
  return placed.map((id) => {
    const here = column.get(id) as number;
    const before = edges.filter((one) => one.to === id).map((one) => row.get(one.from) ?? 0);
    const wanted = before.length ? Math.min(...before) : 0;
    const free = Math.max(wanted, rows.get(here) ?? 0);
    rows.set(here, free + 1);
    row.set(id, free);
    return { id, column: here, row: free };
  });
}

/** Move what comes from nothing next to what it goes to. */
function pull(ids: readonly string[], edges: readonly Edge[], column: Map<string, number>): void {
  for (const id of ids) {
    if (edges.some((one) => one.to === id)) continue;
    const after = edges.filter((one) => one.from === id).map((one) => column.get(one.to) ?? 1);
    if (after.length) column.set(id, Math.max(0, Math.min(...after) - 1));
  }
}
