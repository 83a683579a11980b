import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { useIdentity } from "../../session/identity";
import { customerWords } from "../../subjects/customers/words";
import { ExportButton } from "../../subjects/jobs/ExportButton";
import { JobProgress } from "../../subjects/jobs/JobProgress";
import { useAddress } from "../../ui/address/useAddress";
import { Button, LinkButton } from "../../ui/controls/Button";
import { useRangeText } from "../../ui/controls/DateRange";
import { isPreset, PRESETS } from "../../ui/controls/range";
import { Select } from "../../ui/controls/Select";
import { Empty } from "../../ui/states/Empty";
import { EmptyFiltered } from "../../ui/states/EmptyFiltered";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { LoadOlder } from "../../ui/table/LoadOlder";
import { uiWords } from "../../ui/words";
import { type CustomerFilters, customersAddress, NO_FILTERS, STATUSES, TRUSTS } from "./address";
import styles from "./CustomersPage.module.css";
import { CustomerTable } from "./CustomerTable";
import { Lookup } from "./Lookup";
import { bodyOf, useCustomers, useLookup } from "./useCustomers";
import { pageWords } from "./words";

/** Customers: a search by what only they have, and a list. */
export default function CustomersPage() {
  const words = useWords(pageWords);
  const lookup = useLookup();

  return (
    <div className={styles.page}>
      <h1 className={styles.title}>{words.title}</h1>
      <Lookup
        busy={lookup.isPending}
        onFind={(kind, text) => {
          lookup.mutate({ kind, text });
        }}
      />
      {lookup.isIdle ? <List /> : <Found lookup={lookup} />}
    </div>
  );
}

function Found({ lookup }: { lookup: ReturnType<typeof useLookup> }) {
  const words = useWords(pageWords).lookup;
  const { tenant } = useIdentity();
  const back = <Button onClick={lookup.reset}>{words.back}</Button>;

  if (lookup.isError) return <Failed what={words.the} error={lookup.error} retry={lookup.reset} />;
  if (!lookup.isSuccess) return <Loading what={words.the} rows={2} />;
  const { items } = lookup.data;
  if (items.length === 0) {
    return (
      <div role="status">
        <Empty title={words.none(tenant.name)} text={words.noneText} action={back} />
      </div>
    );
  }
  return (
    <section className={styles.list} aria-label={words.found(items.length)}>
      <p className={styles.found} role="status">
        {words.found(items.length)} {back}
      </p>
      <CustomerTable customers={items} />
    </section>
  );
}

/** The active filters in words. */
function useFilterTexts(): (filters: CustomerFilters) => string[] {
  const words = useWords(pageWords).filters;
  const { statuses } = useWords(customerWords);
  const rangeText = useRangeText();

  return ({ status, max_trust, seen }) => [
    ...(status === undefined ? [] : [statuses[status]]),
    ...(max_trust === undefined ? [] : [words.trustTo(Number(max_trust))]),
    ...(seen === undefined ? [] : [`${words.seen}: ${rangeText(seen)}`]),
  ];
}

function List() {
  const words = useWords(pageWords);
  const [{ job, ...filters }, change] = useAddress(customersAddress);
  const filterTexts = useFilterTexts()(filters);
  const customers = useCustomers(filters);
  const failure = useFailure(customers);
  const rows = customers.data?.pages.flatMap(({ items }) => items) ?? [];

  return (
    <>
      {job !== undefined && (
        <JobProgress
          id={job}
          onClose={() => {
            change({ job: undefined });
          }}
        />
      )}
      <section className={styles.list} aria-label={words.title}>
        <div className={styles.head}>
          <Filters filters={filters} onFilter={change} />
          <ExportButton
            subject="customers"
            filter={() => bodyOf(filters)}
            filterTexts={filterTexts}
            onStart={(id) => {
              change({ job: id });
            }}
          />
        </div>
        {failure !== null && <Failed what={words.the} error={failure} retry={() => void customers.refetch()} />}
        {body()}
      </section>
    </>
  );

  function body() {
    if (customers.isPending) return failure === null && <Loading what={words.the} />;
    if (rows.length === 0 && filterTexts.length > 0) {
      return (
        <EmptyFiltered
          filters={filterTexts}
          onClear={() => {
            change(NO_FILTERS);
          }}
        />
      );
    }
    if (rows.length === 0) {
      const { title, text, action } = words.empty;
      return <Empty title={title} text={text} action={<LinkButton to="/welcome">{action}</LinkButton>} />;
    }
    return (
      <>
        <CustomerTable customers={rows} />
        <LoadOlder hasOlder={customers.hasNextPage} busy={customers.isFetchingNextPage} onLoad={() => void customers.fetchNextPage()} />
      </>
    );
  }
}

function Filters({ filters, onFilter }: { filters: CustomerFilters; onFilter: (changes: Partial<CustomerFilters>) => void }) {
  const words = useWords(pageWords).filters;
  const { statuses } = useWords(customerWords);
  const { presets } = useWords(uiWords);

  return (
    <div role="group" aria-label={words.label} className={styles.filters}>
      <Select
        label={words.status}
        none={words.anyStatus}
        options={statuses}
        value={filters.status}
        onChange={(status) => {
          onFilter({ status: STATUSES.find((each) => each === status) });
        }}
      />
      <Select
        label={words.trust}
        none={words.anyTrust}
        options={Object.fromEntries(TRUSTS.map((each) => [each, words.trustTo(Number(each))]))}
        value={filters.max_trust}
        onChange={(score) => {
          onFilter({ max_trust: TRUSTS.find((each) => each === score) });
        }}
      />
      <Select
        label={words.seen}
        none={words.anySeen}
        options={Object.fromEntries(PRESETS.map((each) => [each, presets[each]]))}
        value={filters.seen}
        onChange={(seen) => {
          onFilter({ seen: seen !== undefined && isPreset(seen) ? seen : undefined });
        }}
      />
    </div>
  );
}
