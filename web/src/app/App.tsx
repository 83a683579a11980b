import { useState } from "react";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { BrowserRouter, Navigate, Route, Routes } from "react-router";

import { ApiError } from "../api/client";
import { FeedPage } from "../features/feed/FeedPage";
import { LoginPage } from "../features/login/LoginPage";
import { SignedIn } from "./SignedIn";

/** Something failed is asked for again this often, for as long as it is shown. */
const TRY_AGAIN_MS = 10_000;

/** What was refused stays refused; what could not be reached may be in a moment. */
const mayMend = (error: Error | null) => !(error instanceof ApiError && error.status < 500);

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (failures, error) => mayMend(error) && failures < 2,
        refetchInterval: ({ state }) => (state.status === "error" && mayMend(state.error) ? TRY_AGAIN_MS : false),
      },
    },
  });
}

export function Screens() {
  return (
    <Routes>
      <Route path="/login" element={<LoginPage />} />
      <Route element={<SignedIn />}>
        <Route path="/" element={<FeedPage />} />
      </Route>
      <Route path="*" element={<Navigate to="/" replace />} />
    </Routes>
  );
}

export function App() {
  const [queries] = useState(newQueryClient);

  return (
    <QueryClientProvider client={queries}>
      <BrowserRouter>
        <Screens />
      </BrowserRouter>
    </QueryClientProvider>
  );
}
