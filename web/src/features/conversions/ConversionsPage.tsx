import { useState } from "react";

import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { ExportButton } from "../../subjects/jobs/ExportButton";
import { JobProgress } from "../../subjects/jobs/JobProgress";
import { useAddress } from "../../ui/address/useAddress";
import { Button, LinkButton } from "../../ui/controls/Button";
import { DateRange, useRangeText } from "../../ui/controls/DateRange";
import { Segmented } from "../../ui/controls/Segmented";
import { Icon } from "../../ui/display/Icon";
import { Empty } from "../../ui/states/Empty";
import { EmptyFiltered } from "../../ui/states/EmptyFiltered";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { LoadOlder } from "../../ui/table/LoadOlder";
import { AdviceList } from "./advice/AdviceList";
import { conversionsAddress, type ConversionsAddress, NO_FILTERS } from "./address";
import styles from "./ConversionsPage.module.css";
import { Figures } from "./figures/Figures";
import { GatewaysTable } from "./figures/GatewaysTable";
import { MethodsChart } from "./figures/MethodsChart";
import { ConversionPanel } from "./list/ConversionPanel";
import { ConversionsTable } from "./list/ConversionsTable";
import { bodyOf, useConversionList } from "./list/useConversionList";
import { FilterSelects, useFilterTexts } from "./list/FilterSelects";
import { MetaQuality } from "./quality/MetaQuality";
import { RetryAll } from "./retry/RetryAll";
import { conversionsWords } from "./words";

export default function ConversionsPage() {
  const words = useWords(conversionsWords);
  const [address, change] = useAddress(conversionsAddress);
  const [retrying, setRetrying] = useState(false);
  const filterTexts = useFilterTexts();
  const rangeText = useRangeText();

  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{words.title}</h1>
        <DateRange
          value={address.range}
          onChange={(range) => {
            change({ range });
          }}
        />
      </header>
      <Figures address={address} />
      <div className={styles.columns}>
        <div className={styles.chart}>
          <MethodsChart range={address.range} />
        </div>
        <GatewaysTable range={address.range} />
      </div>
      <div className={styles.columns}>
        <MetaQuality />
        <AdviceList range={address.range} />
      </div>
      {address.job !== undefined && (
        <JobProgress
          key={address.job}
          id={address.job}
          onClose={() => {
            change({ job: undefined });
          }}
        />
      )}
      <section aria-label={words.title} className={styles.list}>
        <div className={styles.bar}>
          <Segmented
            label={words.status}
            options={words.statuses}
            value={address.status ?? "all"}
            onChange={(status) => {
              change({ status: status === "all" ? undefined : status });
            }}
          />
          <FilterSelects address={address} onChange={change} />
          <ExportButton
            subject="conversions"
            filter={() => bodyOf(address)}
            filterTexts={[rangeText(address.range), ...filterTexts(address)]}
            onStart={(job) => {
              change({ job });
            }}
          />
          <Guarded permission="dead_letters.settle">
            <Button
              onClick={() => {
                setRetrying(true);
              }}
            >
              <Icon name="refresh" />
              {words.retryAll}
            </Button>
          </Guarded>
        </div>
        <List key={listKey(address)} address={address} onChange={change} />
      </section>
      {address.open !== undefined && (
        <ConversionPanel
          id={address.open}
          onClose={() => {
            change({ open: undefined });
          }}
        />
      )}
      {retrying && (
        <RetryAll
          cause={address.cause}
          onStart={(job) => {
            change({ job });
          }}
          onClose={() => {
            setRetrying(false);
          }}
        />
      )}
    </div>
  );
}

/** Another filter begins another list. */
const listKey = ({ range, status, gateway, method, cause }: ConversionsAddress) => [range, status, gateway, method, cause].join(" ");

interface ListProps {
  address: ConversionsAddress;
  onChange: (changes: Partial<ConversionsAddress>, options?: { push?: boolean }) => void;
}

function List({ address, onChange }: ListProps) {
  const words = useWords(conversionsWords);
  const { list, unseen, showNew } = useConversionList(address);
  const failure = useFailure(list);

  if (failure !== null && list.data === undefined) {
    return <Failed what={words.conversions} error={failure} retry={() => void list.refetch()} />;
  }
  if (list.data === undefined) return <Loading what={words.conversions} />;
  const conversions = list.data.pages.flatMap(({ items }) => items);
  return (
    <>
      {unseen > 0 && (
        <Button look="primary" className={styles.unseen} onClick={showNew}>
          <Icon name="arrowUp" />
          {words.newOnes(unseen)}
        </Button>
      )}
      {conversions.length === 0 ? (
        <Nothing address={address} onChange={onChange} />
      ) : (
        <>
          <ConversionsTable
            conversions={conversions}
            openId={address.open}
            onOpen={(open) => {
              // One Back closes the panel, however many were opened in it.
              onChange({ open }, { push: address.open === undefined });
            }}
          />
          <LoadOlder hasOlder={list.hasNextPage} busy={list.isFetchingNextPage} onLoad={() => void list.fetchNextPage()} />
        </>
      )}
    </>
  );
}

function Nothing({ address, onChange }: ListProps) {
  const words = useWords(conversionsWords);
  const filters = useFilterTexts()(address);

  if (filters.length > 0 || address.range !== "7d") {
    return (
      <EmptyFiltered
        filters={filters}
        onClear={() => {
          onChange({ ...NO_FILTERS, range: "7d" });
        }}
      />
    );
  }
  return <Empty title={words.emptyTitle} text={words.emptyText} action={<LinkButton to="/welcome">{words.emptyLink}</LinkButton>} />;
}
