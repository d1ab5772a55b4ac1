/** What the command ran in: Python, its packages, the machine; and how that differs elsewhere. */

import { ErrorNote } from "../../parts/error-note";
import { useQuery } from "@tanstack/react-query";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { Badge } from "../../parts/badge";
import { Against } from "./against";
import type { Run } from "./data";
import { Values } from "./params";
import type { TabProps } from "./run-page";
import { bytesText, plural } from "./words";

type Change = components["schemas"]["ChangeShape"];

export default function Environment({ run, search, setSearch }: TabProps) {
  const { environment } = run;
  if (!environment) {
    return <p className="empty">The environment of this run was not recorded.</p>;
  }
  const find = (search.find ?? "").toLowerCase();
  const packages = environment.distributions.filter((one) => one.name.toLowerCase().includes(find));
  return (
    <>
      <div className="bar">
        <Against
          run={run}
          against={search.against}
          related={run.reproduces ? { [run.reproduces]: "the run that it repeats" } : {}}
          onAgainst={(against) => setSearch({ against })}
        />
      </div>
      {search.against && <Changes run={run.id} against={search.against} />}
      <div className="columns">
        <section className="card">
          <h2>
            Packages <span className="count">{environment.distributions.length}</span>
          </h2>
          <input
            type="search"
            placeholder="Find a package"
            aria-label="Find a package"
            value={search.find ?? ""}
            onChange={(event) =>
              setSearch({ find: event.target.value || undefined }, { replace: true })
            }
          />
          <table className="values">
            <tbody>
              {packages.map((one) => (
                <tr key={one.name}>
                  <th scope="row">{one.name}</th>
                  <td>
                    {one.version} {one.origin !== "index" && <Badge>{one.origin}</Badge>}
                    {one.patched.length > 0 && (
                      <Badge tone="warn">{plural(one.patched.length, "file")} patched</Badge>
                    )}
                  </td>
                </tr>
              ))}
              {environment.conda.map((one) => (
                <tr key={`conda ${one.name}`}>
                  <th scope="row">{one.name}</th>
                  <td>
                    {one.version} {one.build} <Badge>conda</Badge>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        <div>
          <Values title="Python" rows={pythonRows(run)} />
          <Values title="Machine" rows={machineRows(run)} />
          <Values title="Variables" rows={Object.entries(run.variables)} />
          <Values title="Threads" rows={Object.entries(run.threads)} />
          <Values title="Recording" rows={recordingRows(run)} />
        </div>
      </div>
    </>
  );
}

function pythonRows({ environment }: Run): [string, unknown][] {
  if (!environment) return [];
  const { python, implementation, executable, platform } = environment;
  return [
    ["version", `${implementation} ${python}`],
    ["platform", platform],
    ["executable", executable],
  ];
}

function machineRows({ host }: Run): [string, unknown][] {
  if (!host) return [];
  const rows: [string, unknown][] = [
    ["system", `${host.system} ${host.release}`],
    ["CPU", `${host.cpu}, ${plural(host.cores, "core")}`],
    ["memory", bytesText(host.memory_bytes)],
  ];
  if (host.gpus?.length) rows.push(["GPU", host.gpus.join(", ")]);
  if (host.libc) rows.push(["C library", host.libc]);
  return rows;
}

function recordingRows({ capture, entropy, network }: Run): [string, unknown][] {
  const rows: [string, unknown][] = [["seen by", capture.layers.join(", ") || "nothing"]];
  if (entropy) rows.push(["randomness", entropy.mode === "replay" ? "recorded" : entropy.mode]);
  if (network.length) rows.push(["network", network.join(", ")]);
  return rows;
}

function Changes({ run, against }: { run: string; against: string }) {
  const found = useQuery({
    queryKey: ["run", run, "environment", against],
    queryFn: ({ signal }) =>
      told(
        api.GET("/runs/{run}/environment/diff", {
          params: { path: { run }, query: { against } },
          signal,
        }),
      ),
  });
  if (found.error) return <ErrorNote error={found.error} />;
  if (!found.data) return null;
  const { a, equal, changed, only_a, only_b, python, platform, patched, origins } = found.data;
  const rows = [python, platform, ...changed, ...only_a, ...only_b, ...patched, ...origins];
  return (
    <section className="card">
      <h2>
        {equal ? "The same as in " : "Differs from "}
        <a href={`/runs/${a.run}`}>{a.name}</a>
      </h2>
      {!equal && (
        <table className="values">
          <thead>
            <tr>
              <th>What</th>
              <th>there</th>
              <th>here</th>
            </tr>
          </thead>
          <tbody>
            {rows
              .filter((one): one is Change => one != null)
              .map((one) => (
                <tr key={one.name}>
                  <th scope="row">{one.name}</th>
                  <td className="diff-removed">{String(one.a ?? "–")}</td>
                  <td className="diff-added">{String(one.b ?? "–")}</td>
                </tr>
              ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
