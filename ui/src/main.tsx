/** Where the page begins: the client of the API, the router, the sheet of tokens. */

import "./tokens.css";
import "./page.css";
import "./parts/parts.css";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { ApiFault } from "./api";
import { makeRouter } from "./routes";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: false,
      retry: (times, fault) => times < 2 && fault instanceof ApiFault && isLater(fault.status),
      placeholderData: (before: unknown) => before,
    },
  },
});

/** What may be answered in a moment: the server is away, or says that it has much to do. */
function isLater(status: number): boolean {
  return status === 0 || status === 429 || status >= 502;
}

const place = document.getElementById("page");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={makeRouter()} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
