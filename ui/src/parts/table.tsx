/**
 * A table of any size: only the rows and columns that can be seen are in the document. Rows come
 * from the caller by their number, so that a page asks the server for those that are near.
 */

import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useImperativeHandle, useMemo, useRef, type Ref } from "react";

import { useActions } from "../shell/actions";
import { HeadCell } from "./table-head";

import "./table.css";

export interface Column<Row> {
  id: string;
  label: string;
  /** In CSS pixels. */
  width: number;
  cell: (row: Row) => ReactNode;
  isNumber?: boolean;
  /** Stays at the left while the others scroll. */
  isPinned?: boolean;
  /** What the heading shows instead of its label. */
  heading?: ReactNode;
  sort?: "ascending" | "descending" | undefined;
  onSort?: (() => void) | undefined;
}

export interface TableHandle {
  focus: () => void;
}

export interface TableProps<Row> {
  /** What it holds, for those who hear the page. */
  label: string;
  columns: readonly Column<Row>[];
  count: number;
  /** Return a row; undefined while it is being read. */
  rowAt: (index: number) => Row | undefined;
  keyOf: (row: Row) => string;
  /** Called with the first and last row that are near. */
  onSeen?: (first: number, last: number) => void;
  /** The row that the keys act on. */
  at: number;
  onAt: (index: number) => void;
  onOpen?: (row: Row) => void;
  chosen?: ReadonlySet<string>;
  onChoose?: (row: Row, index: number, isRange: boolean) => void;
  rowPx?: number;
  classOf?: (row: Row) => string | undefined;
  ref?: Ref<TableHandle>;
}

const ROW_PX = 32;
const HEAD_PX = 34;
const AHEAD = 6;
const CHOICE_PX = 36;

export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, count, rowPx = ROW_PX, onSeen, at, onAt, chosen, onChoose } = props;
  const box = useRef<HTMLDivElement>(null);
  useImperativeHandle(props.ref, () => ({ focus: () => box.current?.focus() }));
  const pinned = useMemo(() => columns.filter((one) => one.isPinned), [columns]);
  const moving = useMemo(() => columns.filter((one) => !one.isPinned), [columns]);
  // Drawn at once, the rows would be laid out anew when the second asks how far it was scrolled.
  const rows = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => rowPx,
    overscan: AHEAD,
    scrollPaddingStart: HEAD_PX,
    paddingStart: HEAD_PX,
    useFlushSync: false,
  });
  const cells = useVirtualizer({
    horizontal: true,
    count: moving.length,
    getScrollElement: () => box.current,
    estimateSize: (index) => moving[index]?.width ?? 0,
    overscan: 3,
    useFlushSync: false,
  });
  useEffect(() => cells.measure(), [cells, moving]);
  const shown = rows.getVirtualItems();
  const places = Math.ceil((rows.scrollRect?.height ?? 0) / rowPx) + 2 * AHEAD + 1;
  const first = shown[0]?.index ?? 0;
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => onSeen?.(first, last), [onSeen, first, last]);

  const go = (to: number) => {
    const next = Math.max(0, Math.min(count - 1, to));
    onAt(next);
    rows.scrollToIndex(next, { align: "auto" });
  };
  useTableKeys(props, go);

  const left = (onChoose ? CHOICE_PX : 0) + pinned.reduce((sum, one) => sum + one.width, 0);
  const across = cells.getVirtualItems();
  const before = across[0]?.start ?? 0;
  const seen = across.flatMap((item) => moving[item.index] ?? []);
  const line: Line<Row> = { pinned, seen, before };
  return (
    <div
      ref={box}
      className="table"
      role="grid"
      aria-label={label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length + (onChoose ? 1 : 0)}
      aria-multiselectable={onChoose ? true : undefined}
      tabIndex={0}
      onKeyDown={(event) => {
        const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
        if (!by || event.target !== box.current) return;
        event.preventDefault();
        go(at + by);
      }}
    >
      <div
        className="table-all"
        role="presentation"
        style={{ height: rows.getTotalSize(), width: left + cells.getTotalSize() }}
      >
        <div className="table-head" role="row" aria-rowindex={1} style={{ height: HEAD_PX }}>
          {onChoose && (
            <div
              className="table-choice table-pinned"
              role="columnheader"
              aria-label="Chosen"
              style={{ left: 0 }}
            />
          )}
          <Cells
            line={line}
            hasChoice={Boolean(onChoose)}
            render={(column, style) => <HeadCell key={column.id} column={column} style={style} />}
          />
        </div>
        {shown.map((item) => {
          const row = props.rowAt(item.index);
          const isChosen = row !== undefined && chosen?.has(props.keyOf(row));
          return (
            <div
              key={item.index % places}
              className={`table-row ${(row && props.classOf?.(row)) ?? ""}`}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={onChoose ? Boolean(isChosen) : undefined}
              data-at={item.index === at || undefined}
              style={{ height: rowPx, transform: `translateY(${item.start}px)` }}
              onClick={() => onAt(item.index)}
            >
              {onChoose && (
                <div className="table-choice table-pinned" role="gridcell" style={{ left: 0 }}>
                  {row !== undefined && (
                    <input
                      type="checkbox"
                      aria-label={`Choose ${props.keyOf(row)}`}
                      checked={Boolean(isChosen)}
                      onChange={(event) => {
                        const { shiftKey } = event.nativeEvent as MouseEvent;
                        onChoose(row, item.index, shiftKey);
                      }}
                    />
                  )}
                </div>
              )}
              <Cells
                line={line}
                hasChoice={Boolean(onChoose)}
                render={(column, style) => (
                  <div
                    key={column.id}
                    role="gridcell"
                    className={`table-cell ${column.isNumber ? "number" : ""} ${column.isPinned ? "table-pinned" : ""}`}
                    style={style}
                  >
                    {row === undefined ? <span className="table-waits" /> : column.cell(row)}
                  </div>
                )}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}

interface Line<Row> {
  pinned: Column<Row>[];
  seen: Column<Row>[];
  /** The width of the columns that are left out before the first that is seen. */
  before: number;
}

interface CellsProps<Row> {
  line: Line<Row>;
  hasChoice: boolean;
  render: (column: Column<Row>, style: { width: number; left?: number }) => ReactNode;
}

function Cells<Row>({ line, hasChoice, render }: CellsProps<Row>) {
  let left = hasChoice ? CHOICE_PX : 0;
  const pinned = line.pinned.map((column) => {
    const found = render(column, { width: column.width, left });
    left += column.width;
    return found;
  });
  return (
    <>
      {pinned}
      {line.before > 0 && <div role="presentation" style={{ width: line.before, flex: "none" }} />}
      {line.seen.map((column) => render(column, { width: column.width }))}
    </>
  );
}

function useTableKeys<Row>(props: TableProps<Row>, go: (to: number) => void) {
  const { at, rowAt, onOpen, onChoose, label } = props;
  const withRow = (act?: (row: Row) => void) => () => {
    const row = rowAt(at);
    if (row !== undefined) act?.(row);
  };
  const keys = [
    { label: "Next row", keys: "j", run: () => go(at + 1) },
    { label: "Row before", keys: "k", run: () => go(at - 1) },
    ...(onOpen ? [{ label: "Open the row", keys: "enter", run: withRow(onOpen) }] : []),
    ...(onChoose
      ? [{ label: "Choose the row", keys: "x", run: withRow((row) => onChoose(row, at, false)) }]
      : []),
  ];
  useActions(keys.map((one) => ({ ...one, group: label, keysOnly: true })));
}
