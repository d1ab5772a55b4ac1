/** The same picture of all runs, side by side. */

import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { Empty } from "../../parts/empty";
import { type FileKind, fileUrl, useFiles } from "../run/data";
import type { PartProps } from "./page";

const PICTURES = /\.(png|jpe?g|gif|webp|avif|svg)$/i;
const KINDS: FileKind[] = ["output", "saved"];

export default function Images({ shown, search, setSearch }: PartProps) {
  const first = useFiles(shown[0]?.id ?? "", KINDS);
  const second = useFiles(shown[1]?.id ?? shown[0]?.id ?? "", KINDS);
  const files = [...(first.data?.files ?? []), ...(second.data?.files ?? [])];
  const pictures = [
    ...new Set(
      files.filter((one) => PICTURES.test(one.path)).map((one) => `${one.kind}:${one.path}`),
    ),
  ];
  const chosen = pictures.find((one) => one === search.path) ?? pictures[0];
  if (first.isPending || second.isPending) return <div aria-busy="true" />;
  if (!chosen) return <Empty title="The first two of these runs wrote no picture." />;
  const [kind, ...rest] = chosen.split(":");
  const path = rest.join(":");
  return (
    <>
      <div className="bar">
        <label>
          Picture
          <select
            value={chosen}
            onChange={(event) => setSearch({ path: event.target.value }, { replace: true })}
          >
            {pictures.map((one) => (
              <option key={one} value={one}>
                {one.slice(one.indexOf(":") + 1)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div className="pictures">
        {shown.map((run) => (
          <Picture
            key={`${run.id}${chosen}`}
            id={run.id}
            label={run.label}
            kind={kind as FileKind}
            path={path}
          />
        ))}
      </div>
    </>
  );
}

function Picture({
  id,
  label,
  kind,
  path,
}: {
  id: string;
  label: string;
  kind: FileKind;
  path: string;
}) {
  const [missing, setMissing] = useState(false);
  const url = fileUrl(id, kind, path, path.toLowerCase().endsWith(".svg"));
  return (
    <figure>
      {missing ? (
        <p className="faint">It has no such picture.</p>
      ) : (
        <a href={url} target="_blank" rel="noreferrer">
          <img
            src={url}
            alt={`${path} of ${label}`}
            loading="lazy"
            onError={() => setMissing(true)}
          />
        </a>
      )}
      <figcaption>
        <Link to="/runs/$run" params={{ run: id }}>
          {label}
        </Link>
      </figcaption>
    </figure>
  );
}
