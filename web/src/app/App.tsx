import { lazy, Suspense, useState } from "react";

import { QueryClientProvider } from "@tanstack/react-query";
import { BrowserRouter, Outlet, Route, Routes } from "react-router";

import { useLanguage } from "../i18n/language";
import { useWords } from "../i18n/words";
import { Permitted } from "../session/Permitted";
import { useSession } from "../session/session";
import { NotFound } from "./NotFound";
import { PageErrorBoundary } from "./PageErrorBoundary";
import { PageFailed } from "./PageFailed";
import { PUBLIC_PAGES, SESSION_PAGES } from "./pages";
import { PageView } from "./PageView";
import { newQueryClient } from "./queryClient";
import { appWords } from "./words";

// The sign-in page does without it.
const SessionLayout = lazy(() => import("./SessionLayout"));

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
      <Route element={<SessionFrame />}>
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

function SessionFrame() {
  return (
    <PageErrorBoundary failed={<FrameFailed />}>
      <SessionLayout />
    </PageErrorBoundary>
  );
}

function FrameFailed() {
  const words = useWords(appWords);

  return (
    <main>
      <PageFailed title={words.thePage} advice={words.pageAdvice} />
    </main>
  );
}

/** The shell for those who are signed in. Others see the page alone. */
function OptionalSessionLayout() {
  const session = useSession();

  if (session.data) return <SessionFrame />;
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
