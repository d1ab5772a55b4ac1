/** What the page of a run asks the server, and how it hears that there is more. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { api, told } from "../../api";
import type { components } from "../../api/schema";

export type Run = components["schemas"]["RunShape"];
export type FileKind = "code" | "input" | "output" | "saved";

export const RUNNING = "running";

/** What was shown of another run, or file, is not to stand for this one. */
export const NONE = () => undefined;

export function useRun(ref: string) {
  return useQuery({
    queryKey: ["run", ref],
    queryFn: ({ signal }) =>
      told(api.GET("/runs/{run}", { params: { path: { run: ref } }, signal })),
    placeholderData: NONE,
  });
}

export function useFiles(run: string, kinds: FileKind[]) {
  return useQuery({
    queryKey: ["run", run, "files", kinds],
    queryFn: ({ signal }) =>
      told(
        api.GET("/runs/{run}/files", {
          params: { path: { run }, query: { kind: kinds } },
          signal,
        }),
      ),
    placeholderData: NONE,
  });
}

export function usePreview(run: string, kind: FileKind, path: string | undefined) {
  return useQuery({
    queryKey: ["run", run, "preview", kind, path],
    queryFn: ({ signal }) =>
      told(
        api.GET("/runs/{run}/preview/{kind}", {
          params: { path: { run, kind }, query: { path: path as string } },
          signal,
        }),
      ),
    enabled: path !== undefined,
    staleTime: Infinity,
    placeholderData: NONE,
  });
}

export function fileUrl(run: string, kind: FileKind, path: string, drawn = false): string {
  const query = new URLSearchParams({ path, ...(drawn ? { drawn: "true" } : {}) });
  return `/api/v1/runs/${encodeURIComponent(run)}/files/${kind}?${query}`;
}

export interface Live {
  points: number;
  bytes: number;
}

/**
 * Hear how far a running run is. Stops while the page is hidden; then, and when the run ends, the
 * run is read anew.
 */
export function useLive(run: Run | undefined): Live {
  const [live, setLive] = useState<Live>({ points: 0, bytes: 0 });
  const queries = useQueryClient();
  const id = run?.id;
  const running = run?.status === RUNNING;
  useEffect(() => {
    if (!id || !running) return;
    let source: EventSource | null = null;
    const readAgain = () => queries.invalidateQueries({ queryKey: ["run", id] });
    const listen = () => {
      source?.close();
      source = null;
      if (document.hidden) return;
      source = new EventSource(`/api/v1/events?${new URLSearchParams({ run: id })}`);
      source.addEventListener("position", readAgain);
      source.addEventListener("live", (event) => {
        const [points, bytes] = (JSON.parse(event.data) as Record<string, number[]>)[id] ?? [];
        if (points === undefined) readAgain();
        else setLive({ points, bytes: bytes ?? 0 });
      });
    };
    listen();
    document.addEventListener("visibilitychange", listen);
    return () => {
      source?.close();
      document.removeEventListener("visibilitychange", listen);
    };
  }, [id, running, queries]);
  return live;
}
