/** The pages that the navigation names, with their icon's path and keys. Only what works is here. */

export interface Place {
  to: string;
  label: string;
  keys: string;
  /** The `d` of an icon drawn on 16 by 16 with lines of 1.5. */
  icon: string;
  /** The heading that it stands under; none for what stands first. */
  group?: string;
}

export const PLACES: readonly Place[] = [
  {
    to: "/today",
    label: "Today",
    keys: "g t",
    icon: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3.2l2.2 1.4",
  },
  { to: "/runs", label: "Runs", keys: "g r", icon: "M2.5 4h11M2.5 8h11M2.5 12h7" },
  {
    to: "/data",
    label: "Data",
    keys: "g d",
    icon: "M2.5 4c0-1 2.5-1.5 5.5-1.5s5.5.5 5.5 1.5S11 5.5 8 5.5 2.5 5 2.5 4zm0 0v8c0 1 2.5 1.5 5.5 1.5s5.5-.5 5.5-1.5V4M2.5 8c0 1 2.5 1.5 5.5 1.5s5.5-.5 5.5-1.5",
  },
  {
    to: "/models",
    label: "Models",
    keys: "g m",
    icon: "M8 2.2 13.5 5v6L8 13.8 2.5 11V5zM2.5 5 8 7.8 13.5 5M8 7.8v6",
  },
  {
    to: "/traces",
    label: "Traces",
    keys: "g l",
    icon: "M2.5 3.5h7M5 8h8.5M7 12.5h4",
  },
  { to: "/record", label: "Record", keys: "g e", icon: "M4 2.5v11M4 4.5h8.5M4 8h6.5M4 11.5h8.5" },
  {
    to: "/brief",
    label: "Brief",
    keys: "g b",
    icon: "M3 2.5h10v11H3zM5.5 5.5h5M5.5 8h5M5.5 10.5h3",
    group: "Team",
  },
  {
    to: "/inbox",
    label: "Inbox",
    keys: "g i",
    icon: "M2.5 9 4.5 3h7l2 6v4h-11zM2.5 9h3.2l.8 1.6h3L10.3 9h3.2",
    group: "Team",
  },
  {
    to: "/people",
    label: "People",
    keys: "g p",
    icon: "M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M10.5 3.3a2.3 2.3 0 0 1 0 4.4M12 9.8c1.5.5 2.5 1.8 2.5 3.7",
    group: "Team",
  },
  {
    to: "/work",
    label: "Work",
    keys: "g w",
    icon: "M2.5 4l1.2 1.2L6 3M2.5 8.5l1.2 1.2L6 7.5M8 4.2h5.5M8 8.7h5.5M4 13h9.5",
    group: "Team",
  },
  {
    to: "/handovers",
    label: "Handovers",
    keys: "g h",
    icon: "M2.5 6h9M8.5 3l3 3-3 3M13.5 10.5h-9M7.5 7.5l-3 3 3 3",
    group: "Team",
  },
  {
    to: "/meetings",
    label: "Meetings",
    keys: "g n",
    icon: "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.5v3M10.5 2.5v3",
    group: "Team",
  },
  {
    to: "/pages",
    label: "Pages",
    keys: "g a",
    icon: "M4 2.5h5.5l3 3v8H4zM9.5 2.5v3h3M6 8h4.5M6 10.5h4.5",
    group: "Team",
  },
];
