import { Navigate, useLocation, useParams } from "react-router";

import { useWords } from "../../i18n/words";
import { Tabs } from "../../ui/controls/Tabs";
import { PageFrame } from "../../ui/panel/PageFrame";
import { isProblemKind } from "./address";
import { KindView } from "./KindView";
import { useProblemEvents, useProblemSummary } from "./useProblems";
import { problemPageWords } from "./words";

export default function ProblemsPage() {
  const words = useWords(problemPageWords);
  const { kind } = useParams();
  const { search } = useLocation();
  const summary = useProblemSummary();
  useProblemEvents();

  if (!isProblemKind(kind)) return <Navigate to={{ pathname: "/problems/dead-letters", search }} replace />;
  return (
    <PageFrame title={words.title} lead={words.lead}>
      <Tabs
        label={words.tabs.label}
        items={[
          { to: "/problems/dead-letters", label: words.tabs.deadLetters, count: summary.data?.dead_letters },
          { to: "/problems/quarantine", label: words.tabs.quarantine, count: summary.data?.quarantine },
          { to: "/problems/rejections", label: words.tabs.rejections, count: summary.data?.rejections },
        ]}
      />
      <KindView key={kind} kind={kind} summary={summary.data} />
    </PageFrame>
  );
}
