import { useState } from "react";

import { useWords } from "../../../i18n/words";
import { detectionWords } from "../../../subjects/detections/words";
import { GATEWAYS } from "../../../subjects/gateways/names";
import { paymentWords } from "../../../subjects/payments/words";
import { Button } from "../../../ui/controls/Button";
import { Select } from "../../../ui/controls/Select";
import { DateRange, useRangeText } from "../../../ui/controls/DateRange";
import { CONVERSIONS, type Filters, hasFilters, STATES } from "../filters";
import { paymentsWords } from "../words";
import { AmountFilters, amountText } from "./AmountFilters";
import styles from "./FilterBar.module.css";

const RISKS = [20, 40, 60, 80, 90];
const FURTHER = ["verdict", "currency", "min_amount", "max_amount"] as const;
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
  const [more, setMore] = useState(() => FURTHER.some((name) => filters[name] !== undefined));
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
          <AmountFilters filters={filters} onFilter={onFilter} />
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

/** The active filters in words. */
export function useFilterTexts(): (filters: Filters) => string[] {
  const { filters: words } = useWords(paymentsWords);
  const { decisions } = useWords(detectionWords);
  const { states } = useWords(paymentWords);
  const rangeText = useRangeText();

  return (filters) => {
    const named = (value: string | undefined, names: Readonly<Record<string, string>>) =>
      value?.split(",").map((each) => names[each] ?? each) ?? [];
    return [
      ...named(filters.decision, decisions),
      ...named(filters.gateway, GATEWAYS),
      ...named(filters.state, states),
      ...named(filters.conversion, words.conversions),
      ...named(filters.verdict, words.verdicts),
      ...(filters.currency?.split(",") ?? []),
      ...(filters.min_risk === undefined ? [] : [words.riskFrom(Number(filters.min_risk))]),
      ...(filters.min_amount === undefined ? [] : [`${words.amountFrom} ${amountText(filters.min_amount, filters.currency)}`]),
      ...(filters.max_amount === undefined ? [] : [`${words.amountTo} ${amountText(filters.max_amount, filters.currency)}`]),
      ...(filters.range === undefined ? [] : [rangeText(filters.range)]),
      ...(filters.q === undefined ? [] : [`“${filters.q}”`]),
    ];
  };
}
