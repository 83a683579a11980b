import { useState } from "react";

import { useWords } from "../../i18n/words";
import { currentZone } from "../../i18n/zone";
import { StoppedDestination } from "../../subjects/destinations/StoppedDestination";
import { ExportButton } from "../../subjects/jobs/ExportButton";
import { JobProgress } from "../../subjects/jobs/JobProgress";
import { useAddress } from "../../ui/address/useAddress";
import { Button } from "../../ui/controls/Button";
import { Icon } from "../../ui/display/Icon";
import { useKeys } from "../../ui/keys/useKeys";
import { bodyOf, type Filters, parametersOf, paymentsAddress, type Person } from "./filters";
import { FilterBar, useFilterTexts } from "./list/FilterBar";
import { LiveList } from "./list/LiveList";
import { PaymentPanel } from "./panel/PaymentPanel";
import styles from "./PaymentsPage.module.css";
import { PaymentSearch } from "./search/PaymentSearch";
import { useLatest } from "./useLatest";
import { ViewBar } from "./views/ViewBar";
import { paymentsWords } from "./words";

export default function PaymentsPage() {
  const words = useWords(paymentsWords);
  const [{ open: openId, job, ...filters }, change] = useAddress(paymentsAddress);
  const [person, setPerson] = useState<Person | null>(null);
  const [paused, setPaused] = useState(false);
  const open = useLatest((id: string | undefined) => {
    // A closed panel is one step back: opening adds to the history, going on in the list does not.
    change({ open: id }, { push: openId === undefined && id !== undefined });
  });
  const clear = () => {
    setPerson(null);
    change(Object.fromEntries(Object.keys(filters).map((name) => [name, undefined])));
  };
  const filterTexts = useFilterTexts();
  const key = JSON.stringify([filters, person]);

  useKeys([
    {
      key: "p",
      label: paused ? words.resumeList : words.pauseList,
      run: () => {
        setPaused(!paused);
      },
    },
  ]);

  return (
    <div className={styles.page} data-panel={openId !== undefined || undefined}>
      <h1 className="visually-hidden">{words.title}</h1>
      {job !== undefined && (
        <JobProgress
          id={job}
          onClose={() => {
            change({ job: undefined });
          }}
        />
      )}
      <section aria-label={words.title} className={styles.list}>
        <div className={styles.head}>
          <ViewBar filters={filters} />
          <StoppedDestination />
          <span className={styles.actions}>
            <Button
              aria-label={paused ? words.resumeList : words.pauseList}
              onClick={() => {
                setPaused(!paused);
              }}
            >
              <Icon name={paused ? "play" : "pause"} />
              {paused ? words.resume : words.pause}
            </Button>
            {person === null && (
              <ExportButton
                subject="payments"
                filter={() => bodyOf(parametersOf(filters, currentZone()))}
                filterTexts={filterTexts(filters)}
                onStart={(id) => {
                  change({ job: id });
                }}
              />
            )}
          </span>
        </div>
        <div className={styles.filters}>
          <PaymentSearch
            key={filters.q ?? ""}
            q={filters.q}
            person={person}
            onPerson={setPerson}
            onText={(q) => {
              change({ q });
            }}
          />
          <FilterBar filters={filters} onFilter={(changes: Filters) => { change(changes); }} onClear={clear} />
        </div>
        <LiveList
          // Other filters start a new list, with neither rows nor events of the former one.
          key={key}
          filters={filters}
          person={person}
          paused={paused}
          openId={openId}
          onOpen={open}
          onClear={clear}
          onAllTime={() => {
            change({ range: undefined });
          }}
        />
      </section>
      {openId !== undefined && (
        <PaymentPanel
          id={openId}
          onClose={() => {
            open(undefined);
          }}
        />
      )}
    </div>
  );
}
