/** Copies a text, and says that it did. */

import { useState } from "react";

import { Icon } from "./icon";

const SAID_MS = 1500;

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      setSaid("Not allowed: select it and copy by hand");
    }
    window.setTimeout(() => setSaid(""), SAID_MS);
  };
  return (
    <button
      type="button"
      className="icon-button copy"
      onClick={() => void copy()}
      title={label}
      aria-label={`${label}: ${text.slice(0, 80)}`}
    >
      <Icon
        d={said === "Copied" ? "M3 8.5 6.5 12 13 4.5" : "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"}
      />
      <span role="status" className={said && said !== "Copied" ? "hint" : "unseen"}>
        {said}
      </span>
    </button>
  );
}
