/** What was said about a thing, and what of it belongs together. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";

import { api, told } from ".";
import type { components } from "./schema";

const READ_MAX = 1000;

export type Comment = components["schemas"]["Comment"];

/** A comment to all, and what answers it, or answers an answer to it, in order. */
export interface Conversation {
  first: Comment;
  replies: readonly Comment[];
}

/** Return what was said about a thing; of nothing while that is not known. */
export function useThread(about: string | undefined) {
  return useQuery({
    queryKey: ["thread", about],
    queryFn: ({ signal }) =>
      told(api.GET("/threads", { params: { query: { about: about as string } }, signal })),
    enabled: about !== undefined,
  });
}

/** Return how much was said about a thing, and how much of it the reader has not seen. */
export function useTalk(about: string | undefined): { count?: number; fresh?: number } {
  const comments = useThread(about).data?.comments ?? [];
  const fresh = comments.filter((one) => one.unread).length;
  return {
    ...(comments.length > 0 ? { count: comments.length } : {}),
    ...(fresh > 0 ? { fresh } : {}),
  };
}

/**
 * Remember that what is shown was read, once the reader can see it, and return the keys of what
 * was new to them: it stays marked as long as they look.
 */
export function useReading(comments: readonly Comment[]): ReadonlySet<string> {
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  const queries = useQueryClient();
  const isSeen = useSyncExternalStore(hearSight, () => document.visibilityState === "visible");
  const { mutate } = useMutation({
    mutationFn: (keys: string[]) => told(api.POST("/inbox/read", { body: { keys } })),
    onSuccess: () =>
      Promise.all(["thread", "inbox"].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  });
  const unread = JSON.stringify(comments.flatMap((one) => (one.unread ? [one.key] : [])));
  useEffect(() => {
    const keys = JSON.parse(unread) as string[];
    if (!isSeen || keys.length === 0) return;
    setFresh((before) => new Set([...before, ...keys]));
    mutate(keys.slice(0, READ_MAX));
  }, [isSeen, unread, mutate]);
  return fresh;
}

function hearSight(tell: () => void): () => void {
  document.addEventListener("visibilitychange", tell);
  return () => document.removeEventListener("visibilitychange", tell);
}

/** Return a thread's comments by the one that each goes back to. */
export function conversations(comments: readonly Comment[]): Conversation[] {
  const roots = new Map<number, number>();
  const found = new Map<number, { first: Comment; replies: Comment[] }>();
  for (const one of comments) {
    const root = one.re === null ? undefined : roots.get(one.re);
    roots.set(one.number, root ?? one.number);
    if (root === undefined) found.set(one.number, { first: one, replies: [] });
    else found.get(root)?.replies.push(one);
  }
  return [...found.values()];
}
