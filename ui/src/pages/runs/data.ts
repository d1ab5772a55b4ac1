/** The runs of a table, read in pages of those that are near; names of columns; changes. */

import {
  keepPreviousData,
  useMutation,
  useQueries,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";

import { api, told } from "../../api";
import type { components } from "../../api/schema";

export type Run = components["schemas"]["RunRow"];

const PAGE = 100;
const SCOPED = /^(params|metrics|tags)\./;

interface Asked {
  query: string;
  columns: readonly string[];
  deleted: boolean;
}

export interface RunsRead {
  total: number;
  rowAt: (index: number) => Run | undefined;
  onSeen: (first: number, last: number) => void;
  error: Error | null;
  isWaiting: boolean;
  again: () => void;
}

function pageQuery(asked: Asked, page: number) {
  const column = asked.columns.filter((one) => SCOPED.test(one));
  const query = {
    query: asked.query,
    column: column.length > 0 ? column : ["tags.mlflow.note"],
    deleted: asked.deleted,
    limit: PAGE,
    offset: page * PAGE,
    total: page === 0,
  };
  return {
    queryKey: ["runs", asked, page],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      told(api.GET("/runs", { params: { query }, signal })),
  };
}

/** Read the pages of runs that can be seen, and no others. */
export function useRuns(asked: Asked): RunsRead {
  const [near, setNear] = useState<readonly [number, number]>([0, 0]);
  const head = useQuery({ ...pageQuery(asked, 0), placeholderData: keepPreviousData });
  const numbers = useMemo(() => {
    const all = Array.from({ length: near[1] - near[0] + 1 }, (_, at) => near[0] + at);
    return all.filter((one) => one > 0);
  }, [near]);
  const rest = useQueries({ queries: numbers.map((page) => pageQuery(asked, page)) });
  const pages = new Map<number, readonly Run[]>(
    numbers.map((page, at) => [page, rest[at]?.data?.runs ?? []]),
  );
  pages.set(0, head.data?.runs ?? []);
  const onSeen = useCallback((first: number, last: number) => {
    const next = [Math.floor(first / PAGE), Math.floor(last / PAGE)] as const;
    setNear((before) => (before[0] === next[0] && before[1] === next[1] ? before : next));
  }, []);
  return {
    total: head.data?.total ?? 0,
    rowAt: (index) => pages.get(Math.floor(index / PAGE))?.[index % PAGE],
    onSeen,
    error: head.error ?? rest.find((one) => one.error)?.error ?? null,
    isWaiting: head.isPending,
    again: () => void head.refetch(),
  };
}

export type NameKind = "params" | "metrics" | "tags" | "projects" | "experiments";

/** Read names that hold a text, the most used first. */
export function useNames(kind: NameKind, text = "", limit = 100, isOn = true) {
  return useQuery({
    queryKey: ["names", kind, text, limit],
    queryFn: ({ signal }) =>
      told(
        api.GET("/names/{kind}", { params: { path: { kind }, query: { text, limit } }, signal }),
      ),
    enabled: isOn,
    placeholderData: keepPreviousData,
  });
}

/** Read the values of a field, and how many runs have each. */
export function useGroups(by: string | undefined, query: string, deleted: boolean) {
  return useQuery({
    queryKey: ["groups", by, query, deleted],
    queryFn: ({ signal }) =>
      told(
        api.GET("/groups", {
          params: { query: { by: by ?? "", query, deleted, limit: 500 } },
          signal,
        }),
      ),
    enabled: by !== undefined,
    placeholderData: keepPreviousData,
  });
}

type Marks = Partial<components["schemas"]["BulkMarks"]> & { runs: string[] };

/** Change many runs at once; what is on the screen is read again. */
export function useMarks() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (marks: Marks) =>
      told(api.POST("/marks", { body: { tags: {}, remove: [], ...marks } })),
    onSuccess: () => client.invalidateQueries(),
  });
}
