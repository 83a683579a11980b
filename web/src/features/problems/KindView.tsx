import type { ProblemSummary } from "../../api/types";
import { useWords } from "../../i18n/words";
import { GatewaySelect } from "../../subjects/gateways/GatewaySelect";
import { JobProgress } from "../../subjects/jobs/JobProgress";
import { Button } from "../../ui/controls/Button";
import { Segmented } from "../../ui/controls/Segmented";
import { Select } from "../../ui/controls/Select";
import { type ProblemAddress, type ProblemKind, useProblemAddress } from "./address";
import { EntryTable } from "./EntryTable";
import { GroupList } from "./GroupList";
import { ItemPanel } from "./ItemPanel";
import { NAMES } from "./names";
import styles from "./Problems.module.css";
import { useRefresh } from "./useProblems";
import { problemPageWords } from "./words";

interface Props {
  kind: ProblemKind;
  summary: ProblemSummary | undefined;
}

/** One tab: dead letters, quarantine or refused webhooks, by cause or one by one. */
export function KindView({ kind, summary }: Props) {
  const words = useWords(problemPageWords);
  const { address, go } = useProblemAddress(kind);
  const refresh = useRefresh();
  const open = (id: string) => {
    go({ open: id });
  };
  const clear = () => {
    go({ filters: {} });
  };

  return (
    <>
      <p className={styles.explain}>{words.explain[NAMES[kind]]}</p>
      {address.job !== undefined && <JobProgress key={address.job} id={address.job} onEnd={refresh} />}
      <Filters kind={kind} address={address} go={go} />
      {address.view === "groups" ? (
        <GroupList
          kind={kind}
          filters={address.filters}
          lastAt={lastOf(kind, summary)}
          onOpen={open}
          onClear={clear}
          onJob={(job) => {
            go({ job });
          }}
        />
      ) : (
        <EntryTable kind={kind} filters={address.filters} selected={address.open} onOpen={open} onClear={clear} lastAt={lastOf(kind, summary)} />
      )}
      {address.open !== undefined && kind !== "rejections" && (
        <ItemPanel
          kind={kind}
          id={address.open}
          onOpen={open}
          onClose={() => {
            go({ open: undefined });
          }}
        />
      )}
    </>
  );
}

function lastOf(kind: ProblemKind, summary: ProblemSummary | undefined): string | null | undefined {
  if (kind === "dead-letters") return summary?.last_dead_letter_at;
  return kind === "quarantine" ? summary?.last_quarantined_at : summary?.last_rejected_at;
}

interface FilterProps {
  kind: ProblemKind;
  address: ProblemAddress;
  go: (changes: Partial<ProblemAddress>) => void;
}

/** The filters of a tab. What only an alarm's link filters by is named, and can be cleared. */
function Filters({ kind, address: { filters, view }, go }: FilterProps) {
  const words = useWords(problemPageWords);
  const own = kind === "dead-letters" ? "source" : "gateway";
  const others = Object.entries(filters).filter(([name]) => name !== own);
  const set = (value: string | undefined) => {
    const rest = Object.fromEntries(others);
    go({ filters: value === undefined ? rest : { ...rest, [own]: value } });
  };

  return (
    <div className={styles.filters}>
      {kind === "dead-letters" ? (
        <Select label={words.filters.source} none={words.filters.anySource} options={words.sources} value={filters.source} onChange={set} />
      ) : (
        <GatewaySelect value={filters.gateway} onChange={set} />
      )}
      <Segmented
        label={words.view.label}
        options={{ groups: words.view.groups, single: words.view.single }}
        value={view}
        onChange={(next) => {
          go({ view: next });
        }}
      />
      {others.length > 0 && (
        <span className={styles.filtered}>
          {words.filters.filtered}: {others.map(([, value]) => value).join(" · ")}
          <Button
            look="quiet"
            onClick={() => {
              go({ filters: {} });
            }}
          >
            {words.filters.clear}
          </Button>
        </span>
      )}
    </div>
  );
}
