/** A line of words and what is done with them: answer, close, clear. What is refused is shown. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";

import { CallingBox } from "./calling-box";
import { ErrorNote } from "./error-note";

export interface Saying {
  label: string;
  say: (text: string) => Promise<unknown>;
  /** It can be done without a word. */
  isMute?: boolean;
}

interface SayProps {
  /** What the words are, for those who hear the page. */
  label: string;
  /** The first one is what Enter does. */
  sayings: readonly Saying[];
  onDone?: () => void;
  /** Take the focus when it appears. */
  isAtOnce?: boolean;
  /** `@` offers the members: who is named hears of it. */
  isCalling?: boolean;
}

export function Say({ label, sayings, onDone, isAtOnce = false, isCalling = false }: SayProps) {
  const [text, setText] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);
  const queries = useQueryClient();
  useEffect(() => {
    if (isAtOnce) box.current?.focus();
  }, [isAtOnce]);
  const said = useMutation({
    mutationFn: (one: Saying) => one.say(text.trim()),
    onSuccess: async () => {
      setText("");
      await queries.invalidateQueries();
      onDone?.();
    },
  });
  const can = (one: Saying | undefined): one is Saying =>
    one !== undefined && !said.isPending && (one.isMute === true || text.trim() !== "");
  const send = () => {
    if (can(sayings[0])) said.mutate(sayings[0]);
  };
  const hear = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) send();
    if (event.key === "Escape") onDone?.();
  };
  return (
    <form
      className="say"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {isCalling ? (
        <CallingBox box={box} label={label} text={text} onText={setText} onKeyDown={hear} />
      ) : (
        <textarea
          ref={box}
          rows={2}
          aria-label={label}
          placeholder={label}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={hear}
        />
      )}
      <div className="bar">
        {sayings.map((one, index) => (
          <button
            key={one.label}
            type={index === 0 ? "submit" : "button"}
            className={index === 0 ? "button primary" : "button"}
            disabled={!can(one)}
            onClick={index === 0 ? undefined : () => said.mutate(one)}
          >
            {one.label}
          </button>
        ))}
      </div>
      {said.error && <ErrorNote error={said.error} />}
    </form>
  );
}
