/** What only some may do, by what the server tells of the reader's rights; others are told why. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { api, told } from "../api";

export type Action = "run.edit" | "run.delete" | "team.write";

/** Return whether the reader may do something anywhere; the server judges each thing anew. */
export function useMay(): (action: Action) => boolean {
  const me = useQuery({
    queryKey: ["me"],
    queryFn: ({ signal }) => told(api.GET("/me", { signal })),
    staleTime: Infinity,
  });
  return (action) => me.data?.may.includes(action) ?? true;
}

const WORDS: Record<Action, string> = {
  "run.edit": "tag runs and write notes on them",
  "run.delete": "delete and restore runs",
  "team.write": "write here",
};

interface RightProps {
  to: Action;
  /** Say why it is not there. */
  isTold?: boolean;
  children: ReactNode;
}

export function Right({ to, isTold = false, children }: RightProps) {
  const may = useMay();
  if (may(to)) return children;
  if (!isTold) return null;
  return (
    <p className="hint">
      Your role lets you read, not {WORDS[to]}. An admin can give you another:{" "}
      <code>afield member grant</code>
    </p>
  );
}
