/**
 * What a terminal would show of a console: lines, their colours, and progress bars that overwrite
 * themselves. Pure; codes that move the cursor elsewhere are left out.
 */

export interface Piece {
  text: string;
  /** Names of classes, such as `ansi-red ansi-bold`; empty for plain text. */
  look: string;
  /** A colour that is no name, for text and for its ground. */
  color?: string;
  ground?: string;
}

export interface ConsoleLine {
  stream: "stdout" | "stderr";
  atMs: number;
  raw: string;
}

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const STYLES: Record<number, string> = { 1: "bold", 2: "dim", 3: "italic", 4: "underline" };
const CODES = /\x1b\[([\d;:?]*)([ -/]*[@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]/g;
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f]/g;

/** Joins what a command wrote, piece by piece, into lines. */
export class Lines {
  readonly done: ConsoleLine[] = [];
  readonly #open = new Map<string, ConsoleLine>();
  readonly #decoders = new Map<string, TextDecoder>();

  /** Take bytes of a stream in; half a character waits for its other half. */
  bytes(stream: "stdout" | "stderr", atMs: number, data: Uint8Array): void {
    let decoder = this.#decoders.get(stream);
    if (!decoder) {
      decoder = new TextDecoder();
      this.#decoders.set(stream, decoder);
    }
    this.text(stream, atMs, decoder.decode(data, { stream: true }));
  }

  /** Take text of a stream in. */
  text(stream: "stdout" | "stderr", atMs: number, text: string): void {
    const parts = text.split("\n");
    parts.forEach((part, index) => {
      const open = this.#open.get(stream) ?? { stream, atMs, raw: "" };
      open.raw = overwritten(open.raw, part);
      if (index < parts.length - 1) {
        open.raw = open.raw.replace(/\r$/, "");
        this.done.push(open);
        this.#open.delete(stream);
      } else if (open.raw) this.#open.set(stream, open);
    });
  }

  /** Return the lines that are not ended yet, such as a progress bar or a prompt. */
  get open(): ConsoleLine[] {
    return [...this.#open.values()];
  }
}

/** Return a line after more was written on it: behind a carriage return it begins anew. */
function overwritten(before: string, more: string): string {
  const line = before + more;
  const start = line.lastIndexOf("\r", line.length - 2);
  return start < 0 ? line : line.slice(start + 1);
}

/** Return a line without any code: what is searched and copied. */
export function plain(raw: string): string {
  return raw.replace(CODES, "").replace(CONTROLS, "");
}

interface State {
  styles: Set<string>;
  fg: string;
  bg: string;
  color: string | undefined;
  ground: string | undefined;
}

/** Return a line in pieces of one look each. */
export function pieces(raw: string): Piece[] {
  const found: Piece[] = [];
  let state = blank();
  let from = 0;
  const add = (text: string) => {
    const clean = text.replace(CONTROLS, "");
    if (clean) found.push(pieceOf(clean, state));
  };
  for (const code of raw.matchAll(CODES)) {
    add(raw.slice(from, code.index));
    from = code.index + code[0].length;
    if (code[2] === "m") state = after(state, code[1] ?? "");
  }
  add(raw.slice(from));
  return found;
}

function blank(): State {
  return { styles: new Set(), fg: "", bg: "", color: undefined, ground: undefined };
}

function pieceOf(text: string, { styles, fg, bg, color, ground }: State): Piece {
  const names = [...styles, fg, bg && `on-${bg}`].filter(Boolean);
  const look = names.map((name) => `ansi-${name}`).join(" ");
  return { text, look, ...(color ? { color } : {}), ...(ground ? { ground } : {}) };
}

function after(state: State, codes: string): State {
  const numbers = codes.split(/[;:]/).map(Number);
  const next = { ...state, styles: new Set(state.styles) };
  for (let at = 0; at < numbers.length; at++) {
    const code = numbers[at] as number;
    if (code === 38 || code === 48) {
      const [color, used] = wide(numbers.slice(at + 1));
      if (code === 38) Object.assign(next, { color, fg: "" });
      else Object.assign(next, { ground: color, bg: "" });
      at += used;
    } else set(next, code);
  }
  return next;
}

function set(state: State, code: number): void {
  const tens = Math.floor(code / 10);
  const name = NAMES[code % 10];
  if (code === 0) Object.assign(state, blank());
  else if (STYLES[code]) state.styles.add(STYLES[code]);
  else if (code === 22) ["bold", "dim"].forEach((one) => state.styles.delete(one));
  else if (code > 22 && code < 25) state.styles.delete(STYLES[code - 20] as string);
  else if (code === 39) Object.assign(state, { fg: "", color: undefined });
  else if (code === 49) Object.assign(state, { bg: "", ground: undefined });
  else if (name && (tens === 3 || tens === 9)) Object.assign(state, { fg: name, color: undefined });
  else if (name && (tens === 4 || tens === 10)) {
    Object.assign(state, { bg: name, ground: undefined });
  }
}

/** Return a colour of 256 or of 16 million, and how many numbers it took. */
function wide(numbers: number[]): [string | undefined, number] {
  const [kind, ...rest] = numbers;
  if (kind === 2)
    return [
      `rgb(${rest
        .slice(0, 3)
        .map((n) => n & 255)
        .join(" ")})`,
      4,
    ];
  if (kind !== 5) return [undefined, 1];
  const index = rest[0] ?? 0;
  if (index < 16) return [`var(--ansi-${NAMES[index % 8]})`, 2];
  if (index > 231) {
    const grey = 8 + (index - 232) * 10;
    return [`rgb(${grey} ${grey} ${grey})`, 2];
  }
  const level = (n: number) => (n ? 55 + n * 40 : 0);
  const cube = index - 16;
  const parts = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map(level);
  return [`rgb(${parts.join(" ")})`, 2];
}
