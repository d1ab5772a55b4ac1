/** What is around every page: navigation, search, live state, theme, keys. */

import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { api, told } from "../api";
import { type Connection, useConnection, useLive } from "../api/live";
import { Icon } from "../parts/icon";
import { later } from "../parts/later";
import { useActions, useKeys, IS_MAC } from "./actions";
import { PLACES } from "./navigation";
import { nextTheme, setTheme, THEMES, useTheme } from "./theme";

import "./shell.css";

const Menu = later(() => import("./menu"));
const KeysHelp = later(() => import("./keys-help"));

type Open = "menu" | "keys" | null;

export function Shell() {
  const [open, setOpen] = useState<Open>(null);
  const [isNavOpen, setNavOpen] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useKeys();
  useLive();
  useShellActions(setOpen);
  useEffect(() => setNavOpen(false), [path]);
  return (
    <div className="shell" data-nav={isNavOpen ? "open" : undefined}>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="top">
        <button
          type="button"
          className="top-nav icon-button"
          aria-expanded={isNavOpen}
          aria-controls="navigation"
          aria-label="Navigation"
          onClick={() => setNavOpen(!isNavOpen)}
        >
          <Icon d="M2 4h12M2 8h12M2 12h12" />
        </button>
        <button type="button" className="top-search" onClick={() => setOpen("menu")}>
          <Icon d="M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.6 10.6 14 14" />
          <span>Search or do something</span>
          <kbd>{IS_MAC ? "⌘K" : "Ctrl K"}</kbd>
        </button>
        <Live />
      </header>
      <Navigation onKeys={() => setOpen("keys")} />
      <div id="content" tabIndex={-1}>
        <Outlet />
      </div>
      {open === "menu" && <Menu onClose={() => setOpen(null)} />}
      {open === "keys" && <KeysHelp onClose={() => setOpen(null)} />}
    </div>
  );
}

function useShellActions(setOpen: (open: Open) => void) {
  const navigate = useNavigate();
  useActions([
    {
      group: "Afield",
      label: "Search or do something",
      keys: "mod+k",
      run: () => setOpen("menu"),
      keysOnly: true,
    },
    { group: "Afield", label: "Show all keys", keys: "?", run: () => setOpen("keys") },
    { group: "Afield", label: "Next theme", keys: "shift+t", run: nextTheme },
    ...THEMES.map((theme) => ({
      group: "Theme",
      label: THEME_WORDS[theme],
      run: () => setTheme(theme),
    })),
    ...PLACES.map((place) => ({
      group: "Go to",
      label: place.label,
      keys: place.keys,
      run: () => void navigate({ to: place.to }),
    })),
    {
      group: "Go to",
      label: "Your account: how you log in, and how you are told what waits",
      keys: "g u",
      run: () => void navigate({ to: "/account" }),
    },
    {
      group: "Go to",
      label: "Search: everything that holds some words",
      keys: "g s",
      run: () => void navigate({ to: "/search" }),
    },
    {
      group: "Go to",
      label: "Why: trace a number, a file or a model back",
      keys: "g y",
      run: () => void navigate({ to: "/why" }),
    },
  ]);
}

const THEME_WORDS = {
  system: "Theme of the system",
  light: "Light theme",
  dark: "Dark theme",
  contrast: "High contrast",
} as const;

function Navigation({ onKeys }: { onKeys: () => void }) {
  const me = useQuery({
    queryKey: ["me"],
    queryFn: ({ signal }) => told(api.GET("/me", { signal })),
    staleTime: Infinity,
  });
  const theme = useTheme();
  return (
    <nav id="navigation" className="nav" aria-label="Pages">
      <Link to="/" className="nav-mark">
        <img src="/mark.svg" alt="" width="22" height="22" /> <span>Afield</span>
      </Link>
      {GROUPS.map((group) => (
        <Places key={group ?? ""} group={group} />
      ))}
      <div className="nav-foot">
        {me.data && (
          <p className="nav-me">
            <Link to="/account" className="nav-name" title="Your account">
              {me.data.name}
            </Link>
            <span className="faint">{me.data.version}</span>
          </p>
        )}
        <div className="bar">
          <button
            type="button"
            className="icon-button"
            onClick={nextTheme}
            title={`${THEME_WORDS[theme]} (Shift+T: next)`}
            aria-label={`${THEME_WORDS[theme]}: take the next`}
          >
            <Icon d={THEME_ICONS[theme]} />
          </button>
          <button
            type="button"
            className="icon-button"
            onClick={onKeys}
            title="Keys (?)"
            aria-label="Show all keys"
          >
            <Icon d="M1.5 4h13v8h-13zM4 6.5h.5M7 6.5h.5M10 6.5h.5M12 6.5h.5M5 9.5h6" />
          </button>
        </div>
      </div>
    </nav>
  );
}

const GROUPS = [...new Set(PLACES.map((place) => place.group))];

function Places({ group }: { group: string | undefined }) {
  return (
    <>
      {group && <p className="nav-group">{group}</p>}
      <ul>
        {PLACES.filter((place) => place.group === group).map((place) => (
          <li key={place.to}>
            <Link to={place.to} activeProps={{ "aria-current": "page" }}>
              <Icon d={place.icon} /> <span>{place.label}</span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

const THEME_ICONS = {
  system: "M2 3h12v8H2zM6 14h4M8 11v3",
  light:
    "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  dark: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z",
  contrast: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 2v12M8 4.5h4M8 8h6M8 11.5h4",
} as const;

const LIVE_WORDS: Record<Connection, [string, string]> = {
  live: ["Live", "What is recorded shows at once"],
  paused: ["Paused", "The page waits while it is hidden"],
  lost: [
    "Not connected",
    "The server does not answer; the page tries again. Start it with: afield up",
  ],
};

function Live() {
  const state = useConnection();
  const [word, why] = LIVE_WORDS[state];
  return (
    <span className={`live live-${state}`} role="status" title={why}>
      <span className="live-dot" aria-hidden="true" /> <span className="live-word">{word}</span>
    </span>
  );
}
