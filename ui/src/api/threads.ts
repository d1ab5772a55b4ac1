/** What was said about a thing, and what of it belongs together. */

import { useQuery } from "@tanstack/react-query";

import { api, told } from ".";
import type { components } from "./schema";

export type Comment = components["schemas"]["Comment"];

/** A comment to all, and what answers it, or answers an answer to it, in order. */
export interface Conversation {
  first: Comment;
  replies: readonly Comment[];
}

export function useThread(about: string) {
  return useQuery({
    queryKey: ["thread", about],
    queryFn: ({ signal }) => told(api.GET("/threads", { params: { query: { about } }, signal })),
  });
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
