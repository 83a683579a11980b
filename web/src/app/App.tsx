import { Fragment, Suspense, useState } from "react";

import { QueryClientProvider } from "@tanstack/react-query";
import { BrowserRouter, Route, Routes } from "react-router";

import { useLanguage } from "../i18n/language";
import { Permitted } from "../session/Permitted";
import { SignedIn } from "../session/SignedIn";
import { StreamProvider } from "../stream/StreamProvider";
import { NotFound } from "./NotFound";
import { PUBLIC_PAGES, SESSION_PAGES } from "./pages";
import { PageView } from "./PageView";
import { newQueryClient } from "./queryClient";
import { AppShell } from "./shell/AppShell";

export function PageRoutes() {
  // The shared words are loading. It takes a moment at most, in which nothing is shown.
  return (
    <Suspense>
      <AllRoutes />
    </Suspense>
  );
}

function AllRoutes() {
  const language = useLanguage();

  return (
    <Routes>
      {PUBLIC_PAGES.map((page) => (
        <Route key={page.path} path={page.path} element={<PageView key={`${page.path} ${language}`} page={page} />} />
      ))}
      <Route element={<SessionLayout />}>
        {SESSION_PAGES.map((page) => (
          <Route
            key={page.path}
            path={page.path}
            element={
              <Permitted key={page.path} permission={page.permission}>
                <PageView page={page} />
              </Permitted>
            }
          />
        ))}
      </Route>
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}

function SessionLayout() {
  return (
    <SignedIn>
      <StreamProvider>
        {/* Another language renders everything anew: also what formats numbers and times outside of components. */}
        <Fragment key={useLanguage()}>
          <AppShell />
        </Fragment>
      </StreamProvider>
    </SignedIn>
  );
}

export function App() {
  const [queries] = useState(newQueryClient);

  return (
    <QueryClientProvider client={queries}>
      <BrowserRouter>
        <PageRoutes />
      </BrowserRouter>
    </QueryClientProvider>
  );
}
