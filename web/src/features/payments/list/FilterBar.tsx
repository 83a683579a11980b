import { useState } from "react";

import { useWords } from "../../../i18n/words";
import { detectionWords } from "../../../subjects/detections/words";
import { GATEWAYS } from "../../../subjects/gateways/names";
import { paymentWords } from "../../../subjects/payments/words";
import { Button } from "../../../ui/controls/Button";
import { Select } from "../../../ui/controls/Select";
import { DateRange } from "../../../ui/controls/DateRange";
import { CONVERSIONS, type Filters, hasFilters, STATES } from "../filters";
import { paymentsWords } from "../words";
import styles from "./FilterBar.module.css";

const RISKS = [20, 40, 60, 80, 90];
const DEFAULT_RANGE = "7d";

interface Props {
  filters: Filters;
  onFilter: (filters: Filters) => void;
  onClear: () => void;
}

/** The filters of the list. Each acts at once; further ones open below. */
export function FilterBar({ filters, onFilter, onClear }: Props) {
  const { filters: words } = useWords(paymentsWords);
  const { decisions } = useWords(detectionWords);
  const { states } = useWords(paymentWords);
  const [more, setMore] = useState(filters.verdict !== undefined || filters.min_amount !== undefined || filters.max_amount !== undefined);
  const money = Object.fromEntries(STATES.map((state) => [state, states[state]]));
  const conversions = Object.fromEntries(CONVERSIONS.map((each) => [each, words.conversions[each]]));
  const risks = Object.fromEntries(RISKS.map((risk) => [String(risk), words.riskFrom(risk)]));
  const choice = (name: keyof Filters, label: string, none: string, options: Readonly<Record<string, string>>) => (
    <Select
      label={label}
      none={none}
      options={withPresent(options, filters[name])}
      value={filters[name]}
      onChange={(value) => {
        onFilter({ [name]: value });
      }}
    />
  );

  return (
    <div role="group" aria-label={words.label} className={styles.filters}>
      {choice("decision", words.decision, words.anyDecision, decisions)}
      {choice("gateway", words.gateway, words.anyGateway, GATEWAYS)}
      {choice("state", words.money, words.anyMoney, money)}
      {choice("conversion", words.conversion, words.anyConversion, conversions)}
      {choice("min_risk", words.risk, words.anyRisk, risks)}
      {more && (
        <>
          {choice("verdict", words.verdict, words.anyVerdict, words.verdicts)}
          <Amount label={words.amountFrom} value={filters.min_amount} onChange={(min_amount) => { onFilter({ min_amount }); }} />
          <Amount label={words.amountTo} value={filters.max_amount} onChange={(max_amount) => { onFilter({ max_amount }); }} />
        </>
      )}
      {filters.range === undefined ? (
        <Select
          label={words.range}
          none={words.anyTime}
          options={{ [DEFAULT_RANGE]: words.range }}
          value={undefined}
          onChange={() => {
            onFilter({ range: DEFAULT_RANGE });
          }}
        />
      ) : (
        <DateRange
          value={filters.range}
          onChange={(range) => {
            onFilter({ range });
          }}
        />
      )}
      <Button
        look="quiet"
        aria-expanded={more}
        onClick={() => {
          setMore(!more);
        }}
      >
        {more ? words.fewer : words.more}
      </Button>
      {hasFilters(filters) && (
        <Button look="quiet" onClick={onClear}>
          {words.clear}
        </Button>
      )}
    </div>
  );
}

/** Several values of one filter, as a view may have them, are an option of their own. */
function withPresent(options: Readonly<Record<string, string>>, value: string | undefined): Readonly<Record<string, string>> {
  if (value === undefined || value in options) return options;
  return { ...options, [value]: value.split(",").map((each) => options[each] ?? each).join(", ") };
}

interface AmountProps {
  label: string;
  /** In minor units. */
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** An amount of money in its main unit. It filters when the field is left or Enter is pressed. */
function Amount({ label, value, onChange }: AmountProps) {
  const shown = value === undefined ? "" : String(Number(value) / 100);

  return (
    <form
      className={styles.amount}
      onSubmit={(event) => {
        event.preventDefault();
        const text = new FormData(event.currentTarget).get("amount");
        const amount = typeof text === "string" && text !== "" ? Math.round(Number(text) * 100) : undefined;
        onChange(amount !== undefined && amount >= 0 ? String(amount) : undefined);
      }}
    >
      <input
        key={shown}
        name="amount"
        type="number"
        min="0"
        step="0.01"
        aria-label={label}
        placeholder={label}
        defaultValue={shown}
        onBlur={({ currentTarget }) => {
          if (currentTarget.value !== shown) currentTarget.form?.requestSubmit();
        }}
      />
    </form>
  );
}

/** The active filters in words. */
export function useFilterTexts(): (filters: Filters) => string[] {
  const { filters: words } = useWords(paymentsWords);
  const { decisions } = useWords(detectionWords);
  const { states } = useWords(paymentWords);

  return (filters) => {
    const named = (value: string | undefined, names: Readonly<Record<string, string>>) =>
      value?.split(",").map((each) => names[each] ?? each) ?? [];
    return [
      ...named(filters.decision, decisions),
      ...named(filters.gateway, GATEWAYS),
      ...named(filters.state, states),
      ...named(filters.conversion, words.conversions),
      ...named(filters.verdict, words.verdicts),
      ...(filters.min_risk === undefined ? [] : [words.riskFrom(Number(filters.min_risk))]),
      ...(filters.q === undefined ? [] : [`“${filters.q}”`]),
    ];
  };
}
