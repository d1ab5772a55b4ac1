/** What stands where nothing is yet: why, and what to type. */

import type { ReactNode } from "react";

import { Command } from "./code";

interface EmptyProps {
  title: string;
  /** What to type to have something here. */
  command?: string;
  children?: ReactNode;
}

export function Empty({ title, command, children }: EmptyProps) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children && <div className="empty-more">{children}</div>}
      {command && <Command text={command} />}
    </div>
  );
}
