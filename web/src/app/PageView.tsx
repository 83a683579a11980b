import { Suspense } from "react";

import { useWords } from "../i18n/words";
import { Loading } from "../ui/states/Loading";
import { PageErrorBoundary } from "./PageErrorBoundary";
import { PageFailed } from "./PageFailed";
import type { Page } from "./pages";
import { appWords } from "./words";

/** A page with its document title. Shows when it is loading and when it fails. */
export function PageView({ page: { id, component: Content } }: { page: Page }) {
  const words = useWords(appWords);
  const title = words.pages[id];

  return (
    <PageErrorBoundary failed={<PageFailed title={title} advice={words.pageAdvice} />}>
      <title>{`${title} · Orylo`}</title>
      <Suspense fallback={<Loading what={words.thePage} rows={0} />}>
        <Content />
      </Suspense>
    </PageErrorBoundary>
  );
}
