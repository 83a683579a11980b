import { Suspense, useState } from "react";

import { QueryClientProvider } from "@tanstack/react-query";
import { BrowserRouter, Outlet, Route, Routes } from "react-router";

import { useLanguage } from "../i18n/language";
import { useZone } from "../i18n/zone";
import { Permitted } from "../session/Permitted";
import { useAppliedPreferences } from "../session/preferences";
import { useSession } from "../session/session";
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
      <Route element={<OptionalSessionLayout />}>
        <Route path="*" element={<NotFound />} />
      </Route>
    </Routes>
  );
}

function SessionLayout() {
  return (
    <SignedIn>
      <StreamProvider>
        {/* Another language or time zone renders everything anew: also what formats numbers and times outside of components. */}
        <Preferred key={`${useLanguage()} ${useZone()}`} />
      </StreamProvider>
    </SignedIn>
  );
}

/** The shell, as the user prefers it. */
function Preferred() {
  return useAppliedPreferences() && <AppShell />;
}

/** The shell for those who are signed in. Others see the page alone. */
function OptionalSessionLayout() {
  const session = useSession();

  if (session.data) return <SessionLayout />;
  return session.isPending ? null : (
    <main>
      <Outlet />
    </main>
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
