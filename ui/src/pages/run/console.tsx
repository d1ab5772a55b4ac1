/** What the command printed: live while it runs, searchable, in its colours, of any length. */

import { useEffect, useMemo, useRef, useState } from "react";

import { api, told } from "../../api";
import { type ConsoleLine, Lines, pieces, plain } from "./ansi";
import { type Live, type Run, RUNNING } from "./data";
import { Rows } from "./rows";
import type { TabProps } from "./run-page";
import { bytesText, plural } from "./words";

const ROW_PX = 20;
const AT_ONCE_BYTES = 16 << 20;

interface Loaded {
  lines: ConsoleLine[];
  total: number;
  /** How much stands before the first line that is shown. */
  before: number;
  more: boolean;
  failed: string;
}

const NOTHING: Loaded = { lines: [], total: 0, before: 0, more: true, failed: "" };

/** Read a console piece by piece; of a running run, go on whenever there is more. */
function useConsole(run: Run, live: Live, limit: number, fromEnd: boolean): Loaded {
  const [loaded, setLoaded] = useState(NOTHING);
  const at = useRef<{ lines: Lines; cursor: string | null; read: number; start: number }>(null);
  const busy = useRef(false);
  const again = useRef(false);
  const { id, status } = run;

  useEffect(() => {
    at.current = null;
    setLoaded(NOTHING);
  }, [id, fromEnd]);

  useEffect(() => {
    const stop = new AbortController();
    const read = async () => {
      if (busy.current) {
        again.current = true;
        return;
      }
      busy.current = true;
      try {
        await readOn(id, at, fromEnd, limit, stop.signal, setLoaded);
      } catch (error) {
        if (!stop.signal.aborted)
          setLoaded((now) => ({ ...now, failed: (error as Error).message }));
      } finally {
        busy.current = false;
      }
      if (again.current && !stop.signal.aborted) {
        again.current = false;
        await read();
      }
    };
    read();
    return () => stop.abort();
  }, [id, status, live.bytes, limit, fromEnd]);
  return loaded;
}

type At = React.RefObject<{
  lines: Lines;
  cursor: string | null;
  read: number;
  start: number;
} | null>;

async function readOn(
  id: string,
  at: At,
  fromEnd: boolean,
  limit: number,
  signal: AbortSignal,
  tell: (loaded: Loaded) => void,
): Promise<void> {
  for (;;) {
    const now = at.current;
    if (now && (now.cursor === null || now.read >= limit)) return;
    const query = now ? { cursor: now.cursor } : { tail: fromEnd };
    const part = await told(
      api.GET("/runs/{run}/console", { params: { path: { run: id }, query }, signal }),
    );
    const here = now ?? { lines: new Lines(), cursor: null, read: 0, start: part.start_bytes };
    let size = 0;
    for (const chunk of part.chunks) {
      const atMs = chunk.at_ns / 1e6;
      if (chunk.text != null) {
        here.lines.text(chunk.stream, atMs, chunk.text);
        size += chunk.text.length;
      } else if (chunk.base64 != null) {
        const data = Uint8Array.from(atob(chunk.base64), (sign) => sign.charCodeAt(0));
        here.lines.bytes(chunk.stream, atMs, data);
        size += data.length;
      }
    }
    at.current = { ...here, cursor: part.next, read: here.read + size };
    tell({
      lines: [...here.lines.done, ...here.lines.open],
      total: part.total_bytes,
      before: here.start,
      more: part.next !== null && !part.live,
      failed: "",
    });
    if (part.live && !part.chunks.length) return;
  }
}

export default function Console({ run, live, search, setSearch }: TabProps) {
  const [limit, setLimit] = useState(AT_ONCE_BYTES);
  const [fromEnd, setFromEnd] = useState((run.console?.size_bytes ?? 0) > AT_ONCE_BYTES);
  const [wrongOnly, setWrongOnly] = useState(false);
  const [hit, setHit] = useState(0);
  const { lines, total, before, more, failed } = useConsole(run, live, limit, fromEnd);
  const find = search.find ?? "";
  const shown = useMemo(
    () => (wrongOnly ? lines.filter((line) => line.stream === "stderr") : lines),
    [lines, wrongOnly],
  );
  const hits = useMemo(() => placesOf(shown, find), [shown, find]);
  const place = hits.length ? (hits[hit % hits.length] as number) : null;
  const running = run.status === RUNNING;
  const move = (by: number) => setHit((now) => (now + by + hits.length) % Math.max(1, hits.length));

  if (!lines.length && !failed) {
    if (running) return <p className="empty">Nothing is printed yet.</p>;
    if (!more || !run.console?.object) return <p className="empty">The command printed nothing.</p>;
    return <div className="run-waits" aria-busy="true" />;
  }
  return (
    <>
      <div className="bar">
        <input
          type="search"
          placeholder="Find in the console"
          aria-label="Find in the console"
          value={find}
          onChange={(event) => {
            setHit(0);
            setSearch({ find: event.target.value || undefined }, { replace: true });
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter") move(event.shiftKey ? -1 : 1);
          }}
        />
        {find && (
          <span className="faint" aria-live="polite">
            {hits.length ? `${(hit % hits.length) + 1} of ${hits.length}` : "not found"}
          </span>
        )}
        <label>
          <input
            type="checkbox"
            checked={wrongOnly}
            onChange={(event) => setWrongOnly(event.target.checked)}
          />
          stderr only
        </label>
        <span className="faint">
          {plural(shown.length, "line")}
          {before > 0 && `, the last ${bytesText(total - before)} of ${bytesText(total)}`}
        </span>
        {before > 0 && (
          <button type="button" className="link" onClick={() => setFromEnd(false)}>
            From the beginning
          </button>
        )}
        <button
          type="button"
          className="button"
          onClick={() =>
            navigator.clipboard.writeText(shown.map((one) => plain(one.raw)).join("\n"))
          }
        >
          Copy all
        </button>
      </div>
      {failed && <p role="alert">{failed}</p>}
      <Rows
        className="console"
        label="Console"
        count={shown.length}
        rowPx={ROW_PX}
        follow={running || fromEnd}
        show={find ? place : null}
        render={(index) => (
          <Printed
            line={shown[index] as ConsoleLine}
            number={index + 1}
            find={find}
            here={index === place && find !== ""}
          />
        )}
      />
      {more && (
        <button
          type="button"
          className="button"
          onClick={() => setLimit((now) => now + AT_ONCE_BYTES)}
        >
          Load more
        </button>
      )}
    </>
  );
}

function placesOf(lines: readonly ConsoleLine[], find: string): number[] {
  if (!find) return [];
  const wanted = find.toLowerCase();
  const found: number[] = [];
  lines.forEach((line, index) => {
    if (plain(line.raw).toLowerCase().includes(wanted)) found.push(index);
  });
  return found;
}

interface PrintedProps {
  line: ConsoleLine;
  number: number;
  find: string;
  here: boolean;
}

function Printed({ line, number, find, here }: PrintedProps) {
  const when = new Date(line.atMs);
  return (
    <div className={`printed printed-${line.stream}${here ? " printed-here" : ""}`}>
      <span className="printed-number" title={`${when.toLocaleString()} (${line.stream})`}>
        {number}
      </span>
      <span className="printed-text">
        {pieces(line.raw).map(({ text, look, color, ground }, index) => (
          <span
            key={index}
            className={look}
            style={{ ...(color && { color }), ...(ground && { background: ground }) }}
          >
            <Marked text={text} find={find} />
          </span>
        ))}
      </span>
    </div>
  );
}

/** Text, with what was looked for marked. */
export function Marked({ text, find }: { text: string; find: string }) {
  if (!find) return text;
  const parts: React.ReactNode[] = [];
  const lower = text.toLowerCase();
  const wanted = find.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + wanted.length)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + find.length)}</mark>);
    from = at + find.length;
  }
  return [...parts, text.slice(from)];
}
