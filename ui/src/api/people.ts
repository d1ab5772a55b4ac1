/** The members as many pages ask for them: by id, and who reads. */

import { useQuery } from "@tanstack/react-query";

import { api, told } from ".";
import type { components } from "./schema";

export type Person = components["schemas"]["Person"];

interface People {
  all: readonly Person[];
  nameOf: (member: string) => string;
  /** The reader's member id; empty until it is known. */
  me: string;
}

export function usePeople(): People {
  const people = useQuery({
    queryKey: ["people"],
    queryFn: ({ signal }) => told(api.GET("/people", { signal })),
  });
  const me = useQuery({
    queryKey: ["me"],
    queryFn: ({ signal }) => told(api.GET("/me", { signal })),
    staleTime: Infinity,
  });
  const all = people.data?.members ?? [];
  return {
    all,
    nameOf: (member) => all.find((one) => one.member === member)?.name ?? "Somebody",
    me: me.data?.member ?? "",
  };
}
