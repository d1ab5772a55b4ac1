/** What the run was told: its params, and the values that it said about itself. */

import type { TabProps } from "./run-page";

export default function Params({ run, search, setSearch }: TabProps) {
  const find = (search.find ?? "").toLowerCase();
  const fits = ([name, value]: [string, unknown]) =>
    `${name} ${value}`.toLowerCase().includes(find);
  const params = Object.entries(run.params).filter(fits);
  const summary = Object.entries(run.summary).filter(fits);
  if (!Object.keys(run.params).length && !Object.keys(run.summary).length) {
    return (
      <p className="empty">
        This run has no params. <code>afield run --param lr=0.1 python train.py</code> gives some; a
        script does with <code>afield.config["lr"] = 0.1</code>.
      </p>
    );
  }
  return (
    <>
      <div className="bar">
        <input
          type="search"
          placeholder="Find"
          aria-label="Find params"
          value={search.find ?? ""}
          onChange={(event) =>
            setSearch({ find: event.target.value || undefined }, { replace: true })
          }
        />
      </div>
      <Values title="Params" rows={params} />
      {summary.length > 0 && <Values title="Summary" rows={summary} />}
      {!params.length && !summary.length && <p className="empty">Nothing holds “{search.find}”.</p>}
    </>
  );
}

export function Values({ title, rows }: { title: string; rows: [string, unknown][] }) {
  if (!rows.length) return null;
  return (
    <section className="card">
      <h2>
        {title} <span className="count">{rows.length}</span>
      </h2>
      <div className="scroll">
        <table className="values">
          <tbody>
            {rows.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{value === null ? <em>none</em> : String(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
