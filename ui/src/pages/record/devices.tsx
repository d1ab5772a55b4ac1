/** Who writes the record, how far each device is known here, and where copies meet. */

import { useQuery } from "@tanstack/react-query";

import { api, told } from "../../api";
import { countText } from "../../api/words";
import { Badge } from "../../parts/badge";
import { Command } from "../../parts/code";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Time } from "../../parts/time";

export default function Devices() {
  const found = useQuery({
    queryKey: ["devices"],
    queryFn: ({ signal }) => told(api.GET("/devices", { signal })),
  });
  if (found.error) return <ErrorNote error={found.error} onAgain={() => void found.refetch()} />;
  if (!found.data) return <div aria-busy="true" />;
  const { devices, waiting, remotes } = found.data;
  return (
    <>
      {waiting.length > 0 && (
        <section className="card record-waits">
          <h2>Devices that wait</h2>
          <p>
            Nobody has confirmed them: what they wrote is here and does not count. Ask for their
            safety phrase, by voice.
          </p>
          <ul>
            {waiting.map((one) => (
              <li key={one.id}>
                <code>{one.id.slice(0, 8)}</code> {countText(one.entries, "entry", "entries")}
              </li>
            ))}
          </ul>
          <Command text="afield join PHRASE" />
        </section>
      )}
      <h2>Devices</h2>
      <div className="scroll">
        <table className="list">
          <thead>
            <tr>
              <th scope="col">Device</th>
              <th scope="col">Person</th>
              <th scope="col">State</th>
              <th scope="col" className="number">
                Entries here
              </th>
              <th scope="col">Last one</th>
              <th scope="col">Introduced</th>
            </tr>
          </thead>
          <tbody>
            {devices.map((one) => (
              <tr key={one.id}>
                <th scope="row" title={one.id}>
                  {one.name ?? one.id.slice(0, 8)} {one.here && <Badge tone="info">this one</Badge>}
                </th>
                <td>{one.by}</td>
                <td>
                  <Badge tone={one.state === "counts" ? "good" : "warn"}>{one.state}</Badge>
                </td>
                <td className="number">{one.entries.toLocaleString("en")}</td>
                <td>{one.at ? <Time at={one.at} /> : <span className="faint">–</span>}</td>
                <td>
                  <Time at={one.introduced} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h2>Remotes</h2>
      {remotes.length === 0 ? (
        <Empty title="This record lies on this machine alone." command="afield remote add NAME URL">
          <p>A remote is a folder, a bucket or a hub where copies meet.</p>
        </Empty>
      ) : (
        <div className="scroll">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">Remote</th>
                <th scope="col">Address</th>
                <th scope="col">Labels</th>
                <th scope="col">State</th>
                <th scope="col" className="number">
                  Packs not here
                </th>
              </tr>
            </thead>
            <tbody>
              {remotes.map((one) => (
                <tr key={one.name}>
                  <th scope="row">{one.name}</th>
                  <td className="list-words">
                    <code>{one.url}</code>
                  </td>
                  <td>
                    {one.labels.map((label) => (
                      <Badge key={label}>{label}</Badge>
                    ))}
                  </td>
                  <td>
                    {one.synced ? (
                      <Badge tone="good">synced with</Badge>
                    ) : (
                      <Badge tone="warn">never synced with</Badge>
                    )}
                  </td>
                  <td className="number">{one.packs_elsewhere.toLocaleString("en")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
