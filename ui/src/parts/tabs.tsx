/** Tabs by their ids; the arrow keys go from one to the next. What is open is the caller's. */

import { useEffect, useId, useRef, type ReactNode } from "react";

export interface Tab<Id extends string> {
  id: Id;
  label: string;
  count?: number | undefined;
  /** How much of it is new to the reader. */
  fresh?: number | undefined;
}

interface TabsProps<Id extends string> {
  label: string;
  tabs: readonly Tab<Id>[];
  open: Id;
  onOpen: (id: Id) => void;
  children: ReactNode;
}

export function Tabs<Id extends string>({ label, tabs, open, onOpen, children }: TabsProps<Id>) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const shown = tabs.find((one) => one.id === open);
  useEffect(() => {
    const bar = list.current?.getBoundingClientRect();
    const tab = list.current?.querySelector('[aria-selected="true"]')?.getBoundingClientRect();
    if (!bar || !tab) return;
    const over = Math.max(0, tab.right - bar.right) + Math.min(0, tab.left - bar.left);
    if (over !== 0) list.current?.scrollBy({ left: over });
  }, [open, shown?.count, shown?.fresh]);
  const hear = (event: React.KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = (tabs.findIndex((one) => one.id === open) + by + tabs.length) % tabs.length;
    const tab = tabs[next];
    if (!tab) return;
    onOpen(tab.id);
    list.current?.querySelectorAll("button")[next]?.focus();
  };
  return (
    <>
      <div ref={list} className="tabs" role="tablist" aria-label={label} onKeyDown={hear}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${id}-${tab.id}`}
            aria-selected={tab.id === open}
            aria-controls={`${id}-panel`}
            tabIndex={tab.id === open ? 0 : -1}
            onClick={() => onOpen(tab.id)}
          >
            {tab.label}
            {tab.count !== undefined && (
              <span className="count">{tab.count.toLocaleString("en")}</span>
            )}
            {tab.fresh !== undefined && (
              <>
                {" "}
                <span className="badge badge-info">{tab.fresh.toLocaleString("en")} new</span>
              </>
            )}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${open}`}>
        {children}
      </div>
    </>
  );
}
