/** A command or a piece of text as it is, with a button that copies it. */

import { CopyButton } from "./copy-button";

/** A line that can be pasted into a terminal. */
export function Command({ text }: { text: string }) {
  return (
    <span className="command">
      <code>{text}</code>
      <CopyButton text={text} label="Copy the command" />
    </span>
  );
}

/** Text with its line breaks; scrolls within itself. */
export function Code({ text, label = "Text" }: { text: string; label?: string }) {
  return (
    <div className="code">
      <pre tabIndex={0} aria-label={label}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} />
    </div>
  );
}
