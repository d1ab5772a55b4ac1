/**
 * Every address of the page. A new page is a route here (its code is loaded when it is opened) and,
 * when it belongs in the navigation, a line in `shell/navigation.ts`.
 */

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";

import { takeBack } from "./api/send";
import { readBriefSearch } from "./pages/brief/search";
import { runSearch } from "./pages/run/search";
import { readCompareSearch } from "./pages/compare/search";
import { readDataSearch, readListSearch } from "./pages/data/search";
import { readModelSearch } from "./pages/models/search";
import { readPeopleSearch } from "./pages/people/search";
import { readRecordSearch } from "./pages/record/search";
import { readRunsSearch } from "./pages/runs/search";
import { readWordSearch } from "./pages/search/search";
import { readTraceSearch, readTracesSearch } from "./pages/traces/search";
import { readWhySearch } from "./pages/why/search";
import { readWorkSearch } from "./pages/work/search";
import { PageFault, PageMissing } from "./shell/faults";
import { Shell } from "./shell/shell";

const root = createRootRoute({ component: Shell, notFoundComponent: PageMissing });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    const back = takeBack();
    if (back !== null) throw redirect({ href: back, replace: true });
    throw redirect({ to: "/runs", replace: true });
  },
});

const runs = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  validateSearch: readRunsSearch,
  component: lazyRouteComponent(() => import("./pages/runs/page"), "RunsPage"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$run",
  validateSearch: runSearch,
  component: lazyRouteComponent(() => import("./pages/run/page"), "RunRoute"),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/compare",
  validateSearch: readCompareSearch,
  component: lazyRouteComponent(() => import("./pages/compare/page"), "ComparePage"),
});

const datasets = createRoute({
  getParentRoute: () => root,
  path: "/data",
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import("./pages/data/list"), "DatasetsPage"),
});

const dataset = createRoute({
  getParentRoute: () => root,
  path: "/data/$version",
  validateSearch: readDataSearch,
  component: lazyRouteComponent(() => import("./pages/data/page"), "VersionPage"),
});

const models = createRoute({
  getParentRoute: () => root,
  path: "/models",
  component: lazyRouteComponent(() => import("./pages/models/list"), "ModelsPage"),
});

const model = createRoute({
  getParentRoute: () => root,
  path: "/models/$model",
  validateSearch: readModelSearch,
  component: lazyRouteComponent(() => import("./pages/models/page"), "ModelPage"),
});

const traces = createRoute({
  getParentRoute: () => root,
  path: "/traces",
  validateSearch: readTracesSearch,
  component: lazyRouteComponent(() => import("./pages/traces/list"), "TracesPage"),
});

const trace = createRoute({
  getParentRoute: () => root,
  path: "/traces/$trace",
  validateSearch: readTraceSearch,
  component: lazyRouteComponent(() => import("./pages/traces/page"), "TracePage"),
});

const record = createRoute({
  getParentRoute: () => root,
  path: "/record",
  validateSearch: readRecordSearch,
  component: lazyRouteComponent(() => import("./pages/record/page"), "RecordPage"),
});

const why = createRoute({
  getParentRoute: () => root,
  path: "/why",
  validateSearch: readWhySearch,
  component: lazyRouteComponent(() => import("./pages/why/page"), "WhyPage"),
});

const search = createRoute({
  getParentRoute: () => root,
  path: "/search",
  validateSearch: readWordSearch,
  component: lazyRouteComponent(() => import("./pages/search/page"), "SearchPage"),
});

const today = createRoute({
  getParentRoute: () => root,
  path: "/today",
  component: lazyRouteComponent(() => import("./pages/today/page"), "TodayPage"),
});

const brief = createRoute({
  getParentRoute: () => root,
  path: "/brief",
  validateSearch: readBriefSearch,
  component: lazyRouteComponent(() => import("./pages/brief/page"), "BriefPage"),
});

const handovers = createRoute({
  getParentRoute: () => root,
  path: "/handovers",
  component: lazyRouteComponent(() => import("./pages/handover/list"), "HandoversPage"),
});

const handover = createRoute({
  getParentRoute: () => root,
  path: "/handovers/$handover",
  component: lazyRouteComponent(() => import("./pages/handover/page"), "HandoverPage"),
});

const inbox = createRoute({
  getParentRoute: () => root,
  path: "/inbox",
  component: lazyRouteComponent(() => import("./pages/inbox/page"), "InboxPage"),
});

const people = createRoute({
  getParentRoute: () => root,
  path: "/people",
  validateSearch: readPeopleSearch,
  component: lazyRouteComponent(() => import("./pages/people/page"), "PeoplePage"),
});

const work = createRoute({
  getParentRoute: () => root,
  path: "/work",
  validateSearch: readWorkSearch,
  component: lazyRouteComponent(() => import("./pages/work/page"), "WorkPage"),
});

const decision = createRoute({
  getParentRoute: () => root,
  path: "/decisions/$item",
  component: lazyRouteComponent(() => import("./pages/work/decision"), "DecisionPage"),
});

const review = createRoute({
  getParentRoute: () => root,
  path: "/reviews/$item",
  component: lazyRouteComponent(() => import("./pages/work/review"), "ReviewPage"),
});

const pages = createRoute({
  getParentRoute: () => root,
  path: "/pages",
  component: lazyRouteComponent(() => import("./pages/pages/list"), "PagesPage"),
});

const page = createRoute({
  getParentRoute: () => root,
  path: "/pages/$item",
  component: lazyRouteComponent(() => import("./pages/pages/page"), "PagePage"),
});

const meetings = createRoute({
  getParentRoute: () => root,
  path: "/meetings",
  component: lazyRouteComponent(() => import("./pages/meetings/list"), "MeetingsPage"),
});

const meeting = createRoute({
  getParentRoute: () => root,
  path: "/meetings/$item",
  component: lazyRouteComponent(() => import("./pages/meetings/page"), "MeetingPage"),
});

const account = createRoute({
  getParentRoute: () => root,
  path: "/account",
  component: lazyRouteComponent(() => import("./pages/account/page"), "AccountPage"),
});

const tree = root.addChildren([
  account,
  pages,
  page,
  meetings,
  meeting,
  brief,
  inbox,
  people,
  work,
  decision,
  review,
  handovers,
  handover,
  today,
  models,
  model,
  traces,
  trace,
  record,
  compare,
  datasets,
  dataset,
  home,
  why,
  search,
  runs,
  run,
]);

export function makeRouter() {
  return createRouter({
    routeTree: tree,
    defaultErrorComponent: PageFault,
    defaultPreload: "intent",
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
