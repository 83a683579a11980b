import { useCallback, useRef, useState } from "react";

import { useFailure } from "../../../api/useFailure";
import { useWords } from "../../../i18n/words";
import { useDestinations } from "../../../subjects/destinations/useDestinations";
import { SampleDataButton } from "../../../subjects/onboarding/SampleDataButton";
import { isSampleSale } from "../../../subjects/onboarding/useSampleData";
import { onboardingWords } from "../../../subjects/onboarding/words";
import { Button, LinkButton } from "../../../ui/controls/Button";
import { Icon } from "../../../ui/display/Icon";
import { Banner } from "../../../ui/states/Banner";
import { Empty } from "../../../ui/states/Empty";
import { EmptyFiltered } from "../../../ui/states/EmptyFiltered";
import { Failed } from "../../../ui/states/Failed";
import { Loading } from "../../../ui/states/Loading";
import { LoadOlder } from "../../../ui/table/LoadOlder";
import { BulkBar } from "../bulk/BulkBar";
import { type Filters, hasFilters, type Person } from "../filters";
import { usePaymentList } from "../live/usePaymentList";
import { PaymentTable } from "../table/PaymentTable";
import { paymentsWords } from "../words";
import { useFilterTexts } from "./FilterBar";
import styles from "./LiveList.module.css";
import { useAtTop } from "./useAtTop";

/** Rows do not move under the pointer or the focus. */
const NOT_IN_USE = { pointer: false, focus: false };
const NONE: ReadonlySet<string> = new Set();

interface Props {
  filters: Filters;
  person: Person | null;
  paused: boolean;
  openId: string | undefined;
  onOpen: (paymentId: string) => void;
  onClear: () => void;
  onAllTime: () => void;
}

/** The payments as they come. Rows are held while the list is paused, scrolled down or in use, or rows are selected. */
export function LiveList({ filters, person, paused, openId, onOpen, onClear, onAllTime }: Props) {
  const words = useWords(paymentsWords);
  const { samplesShown } = useWords(onboardingWords);
  const filterTexts = useFilterTexts();
  const top = useRef<HTMLDivElement>(null);
  const [atTop, setAtTop] = useState(true);
  const [inUse, setInUse] = useState(NOT_IN_USE);
  const [chosen, setChosen] = useState(NONE);
  const hold = paused || !atTop || inUse.pointer || inUse.focus || chosen.size > 0 || openId !== undefined;
  const { payments, rows, hasOlder, heldCount, release } = usePaymentList(filters, person, hold);
  const failure = useFailure(payments);
  const destinations = useDestinations().data?.items ?? [];
  useAtTop(top, setAtTop);

  const choose = useCallback((id: string, isChosen: boolean) => {
    setChosen((before) => {
      const next = new Set(before);
      if (isChosen) next.add(id);
      else next.delete(id);
      return next;
    });
  }, []);
  const showHeld = () => {
    release();
    // The button disappears without a blur event.
    setInUse({ ...inUse, focus: false });
    if (!atTop) top.current?.scrollIntoView({ block: "start" });
  };
  const clearChosen = () => {
    setChosen(NONE);
  };

  return (
    <>
      <div ref={top} className={styles.top} />
      {/* The handlers only notice use; every action belongs to a button inside. */}
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div
        className={styles.rows}
        onPointerMove={({ pointerType, movementX, movementY }) => {
          // A finger does not rest over the list, and a page that changes does not move the pointer.
          const moved = pointerType !== "touch" && (movementX !== 0 || movementY !== 0);
          if (moved && !inUse.pointer && rows.length > 0) setInUse({ ...inUse, pointer: true });
        }}
        onPointerLeave={() => {
          setInUse({ ...inUse, pointer: false });
        }}
        onFocus={() => {
          if (rows.length > 0 && !inUse.focus) setInUse({ ...inUse, focus: true });
        }}
        onBlur={({ currentTarget, relatedTarget }) => {
          if (!currentTarget.contains(relatedTarget)) setInUse({ ...inUse, focus: false });
        }}
      >
        <div role="status" className={styles.newRows}>
          {heldCount > 0 && (
            <Button look="primary" className={styles.pill ?? ""} onClick={showHeld}>
              <Icon name="arrowUp" />
              {words.newRows(heldCount)}
            </Button>
          )}
        </div>
        {failure !== null && <Failed what={words.what} error={failure} retry={() => void payments.refetch()} />}
        {rows.some(({ id }) => isSampleSale(id)) && <Banner action={<SampleDataButton shown />}>{samplesShown}</Banner>}
        {body()}
      </div>
      {hasOlder && (
        <LoadOlder
          hasOlder
          busy={payments.isFetchingNextPage}
          onLoad={() => {
            void payments.fetchNextPage();
          }}
        />
      )}
      {chosen.size > 0 && (
        <BulkBar
          ids={[...chosen]}
          verdicts={new Map(rows.map(({ id, payment }) => [id, payment.verdict?.verdict ?? "withdrawn"]))}
          onClear={clearChosen}
        />
      )}
    </>
  );

  function body() {
    if (payments.isPending && failure === null) return <Loading what={words.what} />;
    if (rows.length === 0 && failure !== null) return null;
    if (rows.length === 0) return empty();
    return (
      <PaymentTable
        rows={rows}
        destination={destinations.length === 1 ? destinations[0] : undefined}
        openId={openId}
        chosen={chosen}
        onOpen={onOpen}
        onChoose={choose}
        onChooseAll={(all) => {
          setChosen(all ? new Set(rows.map(({ id }) => id)) : NONE);
        }}
      />
    );
  }

  function empty() {
    if (hasFilters(filters) || person !== null) {
      return (
        <EmptyFiltered
          filters={filterTexts(filters)}
          onClear={onClear}
          onAllTime={filters.range === undefined ? undefined : onAllTime}
        />
      );
    }
    const { title, text, action } = words.empty;
    return (
      <Empty
        title={title}
        text={text}
        action={
          <span className={styles.firstSteps}>
            <LinkButton to="/welcome" look="primary">
              {action}
            </LinkButton>
            <SampleDataButton shown={false} />
          </span>
        }
      />
    );
  }
}
