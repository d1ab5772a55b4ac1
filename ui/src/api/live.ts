/** News of the record: one stream of events, closed while the page is hidden. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";

export type Connection = "live" | "paused" | "lost";

const AGAIN_MS = 2_000;
const TOGETHER_MS = 400;

let connection: Connection = "paused";
const listeners = new Set<() => void>();

function become(now: Connection) {
  if (now === connection) return;
  connection = now;
  for (const tell of listeners) tell();
}

function follow(onNews: () => void): () => void {
  let source: EventSource | null = null;
  let timer: number | undefined;
  let known = "";

  const open = () => {
    window.clearTimeout(timer);
    source = new EventSource("/api/v1/events");
    source.addEventListener("open", () => become("live"));
    source.addEventListener("position", (event) => {
      const now = String((event as MessageEvent).data);
      if (known && now !== known) onNews();
      known = now;
    });
    source.addEventListener("error", () => {
      become("lost");
      source?.close();
      window.clearTimeout(timer);
      timer = window.setTimeout(open, AGAIN_MS);
    });
  };
  const close = () => {
    window.clearTimeout(timer);
    source?.close();
    source = null;
  };
  const seen = () => {
    if (document.hidden) {
      close();
      become("paused");
    } else if (!source) open();
  };
  document.addEventListener("visibilitychange", seen);
  seen();
  return () => {
    document.removeEventListener("visibilitychange", seen);
    close();
  };
}

/** Read again whatever is on the screen when the record has gone on. */
export function useLive(): void {
  const client = useQueryClient();
  useEffect(() => {
    let timer: number | undefined;
    const later = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void client.invalidateQueries(), TOGETHER_MS);
    };
    const stop = follow(later);
    return () => {
      window.clearTimeout(timer);
      stop();
    };
  }, [client]);
}

/** Return whether the page hears what is new. */
export function useConnection(): Connection {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => connection,
  );
}
