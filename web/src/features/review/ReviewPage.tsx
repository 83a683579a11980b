import { useState } from "react";

import { useSearchParams } from "react-router";

import type { ReviewCase, ReviewSummary } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { useIdentity } from "../../session/identity";
import { StoryBrief } from "../../subjects/payments/StoryBrief";
import { Icon } from "../../ui/display/Icon";
import { Button } from "../../ui/controls/Button";
import { Checkbox } from "../../ui/controls/Checkbox";
import { Menu } from "../../ui/controls/Menu";
import { Segmented } from "../../ui/controls/Segmented";
import { Select } from "../../ui/controls/Select";
import { Time } from "../../ui/display/Time";
import { useKeys } from "../../ui/keys/useKeys";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { type Later, laterTime } from "./later";
import { Queue } from "./Queue";
import { caseAfter, caseBeside, shownCase } from "./queue";
import styles from "./ReviewPage.module.css";
import { useClaim } from "./useClaim";
import { useDecisions } from "./useDecisions";
import { type Show, type Sort, useQueue } from "./useQueue";
import { pageWords } from "./words";

const SORTS: readonly Sort[] = ["money", "risk", "age"];
const SHOWS: readonly Show[] = ["all", "mine", "snoozed"];
const LATER: readonly Later[] = ["hour", "tomorrow", "week"];
/** Whether *Fraud* also blocks the buyer: chosen once, remembered in this browser. */
const BLOCK_KEY = "orylo.review.block";

/** What a person must decide, worst first: the queue, and the case that is decided. */
export default function ReviewPage() {
  const words = useWords(pageWords);
  const { name, permissions } = useIdentity();
  const [search, setSearch] = useSearchParams();
  const sort = SORTS.find((each) => each === search.get("sort")) ?? "money";
  const show = SHOWS.find((each) => each === search.get("show")) ?? "all";
  const { cases, summary, remove, refetchQueue } = useQueue(sort, show);
  const failure = useFailure(cases);
  const chosen = search.get("case") ?? undefined;
  const items = cases.data?.items ?? [];
  const shown = shownCase(items, chosen);
  const mayDecide = permissions.includes("payments.give_verdicts");
  useClaim(shown?.payment_id, mayDecide);

  const change = (changes: Record<string, string | undefined>) => {
    setSearch(
      (before) => {
        const next = { ...Object.fromEntries(before), ...changes };
        return Object.fromEntries(Object.entries(next).filter((each): each is [string, string] => each[1] !== undefined));
      },
      { replace: true, preventScrollReset: true },
    );
  };
  const open = (id: string | undefined) => {
    change({ case: id });
  };
  const decisions = useDecisions({
    onDecided: (id) => {
      open(caseAfter(items, id));
      remove(id);
    },
    onBack: (id) => {
      refetchQueue();
      open(id);
    },
  });

  return (
    <div className={styles.page} data-open={chosen !== undefined || undefined}>
      <header className={styles.head}>
        <h1 className={styles.title}>{words.title}</h1>
        {summary.isSuccess && <Counts summary={summary.data} />}
        <Segmented
          label={words.show.label}
          options={{ all: words.show.all, mine: words.show.mine, snoozed: words.show.snoozed }}
          value={show}
          onChange={(next) => {
            change({ show: next === "all" ? undefined : next, case: undefined });
          }}
        />
        <Select
          label={words.sort.label}
          options={{ money: words.sort.money, risk: words.sort.risk, age: words.sort.age }}
          value={sort}
          onChange={(next) => {
            change({ sort: next === "money" ? undefined : next });
          }}
        />
      </header>
      {failure !== null && <Failed what={words.the} error={failure} retry={() => void cases.refetch()} />}
      {body()}
    </div>
  );

  function body() {
    if (cases.isPending) return failure === null && <Loading what={words.the} />;
    if (shown === undefined) {
      if (show !== "all") return <Empty title={words.emptyFiltered.title} text={words.emptyFiltered.text} />;
      const { decided_today = 0, frauds_today = 0 } = summary.data ?? {};
      return <Empty title={words.empty.title} text={words.empty.text(decided_today, frauds_today)} />;
    }
    return (
      <div className={styles.columns}>
        <Queue cases={items} shown={shown.payment_id} me={name} onShow={open} />
        <Case
          key={shown.payment_id}
          shown={shown}
          me={name}
          onBeside={(step) => {
            open(caseBeside(items, shown.payment_id, step));
          }}
          onBack={() => {
            open(undefined);
          }}
          {...decisions}
        />
      </div>
    );
  }
}

function Counts({ summary: { open, mine, snoozed, decided_today, frauds_today, median_seconds, oldest_at } }: { summary: ReviewSummary }) {
  const words = useWords(pageWords);

  return (
    <p className={styles.counts}>
      {words.counts(open, mine, snoozed)}
      {oldest_at !== null && (
        <>
          {" · "}
          {words.oldest} <Time iso={oldest_at} />
        </>
      )}
      {" · "}
      {words.today(decided_today, frauds_today)}
      {median_seconds !== null && `, ${words.median(median_seconds)}`}
    </p>
  );
}

type Decisions = ReturnType<typeof useDecisions>;

interface CaseProps extends Decisions {
  shown: ReviewCase;
  me: string;
  onBeside: (step: 1 | -1) => void;
  onBack: () => void;
}

function Case({ shown, me, onBeside, onBack, decide, putOff }: CaseProps) {
  const words = useWords(pageWords);
  const { permissions } = useIdentity();
  const [block, setBlock] = useState(() => localStorage.getItem(BLOCK_KEY) === "true");
  const mayDecide = permissions.includes("payments.give_verdicts");
  const give = (verdict: "fraud" | "legitimate") => () => {
    if (!mayDecide) return;
    decide({ case: shown, verdict, block: verdict === "fraud" && block && shown.customer_id !== null });
  };
  const later = (time: Later) => () => {
    if (mayDecide) putOff(shown.payment_id, laterTime(time));
  };

  useKeys([
    { key: "a", label: words.legitimate, run: give("legitimate") },
    { key: "f", label: words.fraud, run: give("fraud") },
    { key: "s", label: words.later, run: later("hour") },
    {
      key: "j",
      label: words.next,
      run: () => {
        onBeside(1);
      },
    },
    {
      key: "k",
      label: words.previous,
      run: () => {
        onBeside(-1);
      },
    },
  ]);

  return (
    <section aria-label={words.case} className={styles.case}>
      <Button look="quiet" className={styles.back ?? ""} onClick={onBack}>
        <Icon name="arrowLeft" />
        {words.back}
      </Button>
      {shown.holder !== null && shown.holder.name !== me && (
        <p role="status" className={styles.held}>
          {words.heldBy(shown.holder.name)}
        </p>
      )}
      <StoryBrief paymentId={shown.payment_id} />
      <div className={styles.actions}>
        <Guarded permission="payments.give_verdicts">
          <Button look="primary" onClick={give("legitimate")}>
            {words.legitimate} <kbd aria-hidden="true">a</kbd>
          </Button>
          <Button look="danger" onClick={give("fraud")}>
            {words.fraud} <kbd aria-hidden="true">f</kbd>
          </Button>
          <Menu
            label={words.later}
            look="plain"
            items={LATER.map((time) => ({ label: words.laterFor[time], icon: "clock" as const, onSelect: later(time) }))}
          >
            {words.later} <kbd aria-hidden="true">s</kbd>
          </Menu>
        </Guarded>
        {shown.customer_id !== null && mayDecide && (
          <Checkbox
            label={words.block}
            checked={block}
            onChange={(next) => {
              setBlock(next);
              localStorage.setItem(BLOCK_KEY, String(next));
            }}
          />
        )}
      </div>
    </section>
  );
}
