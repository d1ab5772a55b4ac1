/** The frame of a page: its title, what stands beside it, and its content. */

import type { ReactNode } from "react";

interface PageProps {
  title: string;
  /** What is shown as the heading, when that is more than the title. */
  heading?: ReactNode;
  /** Buttons at the right of the heading. */
  tools?: ReactNode;
  /** Take the whole height; the content scrolls by itself. */
  isFull?: boolean;
  className?: string;
  children: ReactNode;
}

export function Page({ title, heading, tools, isFull, className = "", children }: PageProps) {
  return (
    <main className={`page ${isFull ? "page-full" : ""} ${className}`}>
      <title>{`${title} · Afield`}</title>
      <header className="page-head">
        <h1>{heading ?? title}</h1>
        {tools && <div className="bar">{tools}</div>}
      </header>
      {children}
    </main>
  );
}
