/** The files of a version. */

import { Bytes } from "../../parts/bytes";
import type { PartProps } from "./page";

export default function Files({ one, search, setSearch }: PartProps) {
  const find = (search.find ?? "").toLowerCase();
  const files = one.files.filter((file) => file.path.toLowerCase().includes(find));
  const more = one.files_total - one.files.length;
  return (
    <>
      <div className="bar">
        <input
          type="search"
          aria-label="Find a file"
          placeholder="Find a file"
          value={search.find ?? ""}
          onChange={(event) =>
            setSearch({ find: event.target.value || undefined }, { replace: true })
          }
        />
        {more > 0 && (
          <span className="faint">
            among the first {one.files.length.toLocaleString("en")}; {more.toLocaleString("en")}{" "}
            more
          </span>
        )}
      </div>
      <div className="scroll">
        <table className="list">
          <thead>
            <tr>
              <th scope="col">File</th>
              <th scope="col" className="number">
                Size
              </th>
              <th scope="col">Digest</th>
            </tr>
          </thead>
          <tbody>
            {files.map((file) => (
              <tr key={file.path}>
                <th scope="row">
                  <a
                    href={`/api/v1/datasets/${encodeURIComponent(one.version.label)}/file?path=${encodeURIComponent(file.path)}`}
                    download
                  >
                    {file.path}
                  </a>
                </th>
                <td className="number">
                  <Bytes bytes={file.size_bytes} />
                </td>
                <td className="faint" title={file.digest}>
                  <code>{file.digest.slice(0, 12)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
