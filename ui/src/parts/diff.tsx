/** A unified diff, line by line, with the numbers of both sides. */

interface DiffLine {
  kind: "added" | "removed" | "same" | "head";
  a: number | null;
  b: number | null;
  text: string;
}

const SIGNS = { added: "+", removed: "−", same: " ", head: " " } as const;
const WORDS = { added: "added", removed: "removed", same: "", head: "" } as const;

/** Return the lines of a unified diff with their numbers; headers of files are left out. */
export function readDiff(lines: readonly string[]): DiffLine[] {
  const found: DiffLine[] = [];
  let a = 0;
  let b = 0;
  for (const line of lines) {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(line);
    if (hunk) {
      a = Number(hunk[1]);
      b = Number(hunk[2]);
      found.push({ kind: "head", a: null, b: null, text: line });
    } else if (a === 0 && b === 0) continue;
    else if (line.startsWith("+"))
      found.push({ kind: "added", a: null, b: b++, text: line.slice(1) });
    else if (line.startsWith("-"))
      found.push({ kind: "removed", a: a++, b: null, text: line.slice(1) });
    else found.push({ kind: "same", a: a++, b: b++, text: line.slice(1) });
  }
  return found;
}

export function Diff({ lines, label }: { lines: readonly string[]; label: string }) {
  const rows = readDiff(lines);
  return (
    <div className="diff-view" tabIndex={0} role="region" aria-label={label}>
      <table>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index} className={`diff-${row.kind}`}>
              <td className="diff-number">{row.a}</td>
              <td className="diff-number">{row.b}</td>
              <td className="diff-sign">
                <span aria-hidden="true">{SIGNS[row.kind]}</span>
                <span className="unseen">{WORDS[row.kind]}</span>
              </td>
              <td className="diff-text">{row.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
