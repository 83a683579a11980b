import { Suspense } from "react";

import { Loading } from "../ui/states/Loading";
import { PageErrorBoundary } from "./PageErrorBoundary";
import type { Page } from "./pages";

/** A page with its document title. Shows when it is loading and when it fails. */
export function PageView({ page: { title, component: Content } }: { page: Page }) {
  return (
    <PageErrorBoundary title={title}>
      <title>{`${title} · Orylo`}</title>
      <Suspense fallback={<Loading what="the page" rows={0} />}>
        <Content />
      </Suspense>
    </PageErrorBoundary>
  );
}
