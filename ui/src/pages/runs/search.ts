/** The address of the table of runs: what is asked, which columns, in which order. */

export interface RunsSearch {
  /** A query as `afield runs` takes it. */
  q?: string | undefined;
  /** The columns, in order; none: those that fit what there is. */
  columns?: string[] | undefined;
  /** Columns that stay at the left. */
  pin?: string[] | undefined;
  /** A field to sort by; with `-` before it, the largest first. */
  sort?: string | undefined;
  /** A field by whose values the runs are grouped. */
  group?: string | undefined;
  /** The value of the group that is open. */
  within?: string | undefined;
  /** The group of the runs without a value is open. */
  without?: true | undefined;
  /** Show deleted runs, too. */
  deleted?: true | undefined;
  /** Draw each metric's course beside its value. */
  courses?: true | undefined;
  /** The runs that are chosen, by id. */
  chosen?: string[] | undefined;
}

const CHOSEN_MAX = 1_000;

/** Read the search of an address; what is not understood is left out. */
export function readRunsSearch(raw: Record<string, unknown>): RunsSearch {
  const found: RunsSearch = {
    q: text(raw.q),
    columns: list(raw.columns),
    pin: list(raw.pin),
    sort: text(raw.sort),
    group: text(raw.group),
    within: text(raw.within),
    without: raw.without === true ? true : undefined,
    deleted: raw.deleted === true ? true : undefined,
    courses: raw.courses === true ? true : undefined,
    chosen: list(raw.chosen)?.slice(0, CHOSEN_MAX),
  };
  const said = Object.entries(found).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said);
}

function text(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function list(value: unknown): string[] | undefined {
  const found = Array.isArray(value) ? value.map(String) : undefined;
  return found && found.length > 0 ? found : undefined;
}

const ORDER = /\s*\border\s+by\b[^"'`]*$/i;

/** Return the query that the server is asked: what is written, in the order of the column. */
export function queryOf(search: RunsSearch, more = ""): string {
  const written = search.q ?? "";
  const asked = search.sort ? written.replace(ORDER, "") : written;
  const order = search.sort ? ` order by ${orderOf(search.sort)}` : (ORDER.exec(asked)?.[0] ?? "");
  const where = asked.replace(ORDER, "").trim();
  const both = where && more ? `(${where}) and ${more}` : where || more;
  return `${both}${order}`.trim();
}

/** Return what a run must fulfil to be in the group that is open; empty: nothing. */
export function groupQuery({ group, within, without }: RunsSearch): string {
  if (!group) return "";
  if (without) return `${quoted(group)} is null`;
  return within === undefined ? "" : `${quoted(group)} = ${valueText(within)}`;
}

function orderOf(sort: string): string {
  const field = sort.replace(/^-/, "");
  return `${quoted(field)} ${sort.startsWith("-") ? "desc" : "asc"}`;
}

/** Return a field as a query names it: names that are no plain word stand in backticks. */
export function quoted(field: string): string {
  const dot = field.indexOf(".");
  if (dot < 0) return field;
  const [scope, name] = [field.slice(0, dot), field.slice(dot + 1)];
  return /^[\w/.-]+$/.test(name) ? field : `${scope}.\`${name.replaceAll("`", "``")}\``;
}

/** Return a value as a query writes it. */
function valueText(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}
