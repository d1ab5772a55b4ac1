/** The heading of a column: its name, and what it is sorted by. */

import type { Column } from "./table";

const SIGNS = { ascending: "↑", descending: "↓" } as const;

interface HeadProps<Row> {
  column: Column<Row>;
  style: { width: number; left?: number };
}

export function HeadCell<Row>({ column, style }: HeadProps<Row>) {
  const { label, heading = label, sort, onSort } = column;
  const kind = `${column.isNumber ? "number" : ""} ${column.isPinned ? "table-pinned" : ""}`;
  return (
    <div
      role="columnheader"
      aria-sort={sort ?? (onSort ? "none" : undefined)}
      className={`table-cell ${kind}`}
      style={style}
      title={label}
    >
      {onSort ? (
        <button type="button" className="table-sort" onClick={onSort}>
          <span className="table-label">{heading}</span>
          {sort && <span aria-hidden="true">{SIGNS[sort]}</span>}
        </button>
      ) : (
        <span className="table-label">{heading}</span>
      )}
    </div>
  );
}
