/** The inbox: what waits for the reader by when it is due, then what was said to them. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { api, told } from "../../api";
import { addressOfLink, addressOfTalk } from "../../api/links";
import { usePeople } from "../../api/people";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { useActions } from "../../shell/actions";
import { type Letter, LetterRow, sayingsOf } from "./letter";

import "./inbox.css";

export function InboxPage() {
  const found = useQuery({
    queryKey: ["inbox"],
    queryFn: ({ signal }) => told(api.GET("/inbox", { signal })),
  });
  const queries = useQueryClient();
  const read = useMutation({
    mutationFn: (keys: string[]) => told(api.POST("/inbox/read", { body: { keys } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["inbox"] }),
  });
  const [isAll, setAll] = useState(false);
  const items = found.data?.items ?? [];
  const shown = items.filter((one) => isAll || one.waits || one.unread);
  const unread = items.filter((one) => one.unread).map((one) => one.key);
  return (
    <Page
      title="Inbox"
      className="inbox"
      tools={
        <>
          <label>
            <input
              type="checkbox"
              checked={isAll}
              onChange={(event) => setAll(event.target.checked)}
            />{" "}
            what was read, too
          </label>
          <button
            type="button"
            className="button"
            disabled={unread.length === 0 || read.isPending}
            onClick={() => read.mutate(unread)}
          >
            Mark all read
          </button>
        </>
      }
    >
      {read.error && <ErrorNote error={read.error} />}
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : !found.data ? (
        <div aria-busy="true" />
      ) : shown.length === 0 ? (
        <Empty title="Nothing waits for you." command='afield ask NAME "Which split?"'>
          What others ask of you, or say to you by name, comes here with the next exchange.
        </Empty>
      ) : (
        <Letters items={shown} onRead={(one) => read.mutate([one.key])} />
      )}
    </Page>
  );
}

interface LettersProps {
  items: readonly Letter[];
  onRead: (one: Letter) => void;
}

function Letters({ items, onRead }: LettersProps) {
  const [key, setKey] = useState(items[0]?.key ?? "");
  const [open, setOpen] = useState<string | null>(null);
  const navigate = useNavigate();
  const { nameOf } = usePeople();
  const at = Math.max(
    0,
    items.findIndex((one) => one.key === key),
  );
  const current = items[at];
  const go = (by: number) =>
    setKey(items[Math.max(0, Math.min(items.length - 1, at + by))]?.key ?? "");
  const enter = () => {
    if (!current) return;
    const address = current.on ? addressOfTalk(current.on) : addressOfLink(current.link);
    if (sayingsOf(current).length > 0) setOpen(current.key);
    else if (address) void navigate({ to: address });
  };
  useActions(
    [
      { label: "Next letter", keys: "j", run: () => go(1) },
      { label: "Letter before", keys: "k", run: () => go(-1) },
      { label: "Answer or open it", keys: "enter", run: enter },
      { label: "Mark it read", keys: "x", run: () => current && onRead(current) },
    ].map((one) => ({ ...one, group: "Inbox", keysOnly: true })),
  );
  const parts = [
    ["Waits for you", items.filter((one) => one.waits)],
    ["Said to you", items.filter((one) => !one.waits)],
  ] as const;
  return parts.map(
    ([head, some]) =>
      some.length > 0 && (
        <section key={head} aria-label={head}>
          <h2>
            {head} <span className="count">{some.length}</span>
          </h2>
          <ul className="inbox-list">
            {some.map((one) => (
              <LetterRow
                key={one.key}
                one={one}
                name={nameOf(one.member)}
                isAt={one === current}
                isOpen={one.key === open}
                onAt={() => setKey(one.key)}
                onOpen={(isOpen) => setOpen(isOpen ? one.key : null)}
                onRead={() => onRead(one)}
              />
            ))}
          </ul>
        </section>
      ),
  );
}
