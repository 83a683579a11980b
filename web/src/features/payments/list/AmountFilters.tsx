import { useWords } from "../../../i18n/words";
import { useSetting } from "../../../subjects/settings/useSetting";
import { Select } from "../../../ui/controls/Select";
import { formatMoney, minorDigits } from "../../../ui/format/money";
import { formatCount } from "../../../ui/format/number";
import type { Filters } from "../filters";
import { paymentsWords } from "../words";
import styles from "./FilterBar.module.css";

const CURRENCIES = Object.fromEntries(Intl.supportedValuesOf("currency").map((code) => [code, code]));
/** Of amounts in several currencies, or in one that is not known. */
const USUAL_DIGITS = 2;

interface Props {
  filters: Filters;
  onFilter: (filters: Filters) => void;
}

/** The currency, and the least and the greatest amount in it. Amounts without a currency are in the shop's. */
export function AmountFilters({ filters, onFilter }: Props) {
  const { filters: words } = useWords(paymentsWords);
  const shops = useSetting("shop", "currency");
  const { currency, min_amount, max_amount } = filters;
  const assumed = currency ?? (typeof shops === "string" ? shops : undefined);
  const digits = digitsOf(assumed);
  const inNew = (amount: string | undefined, next: string | undefined) =>
    amount === undefined ? undefined : String(Math.round((Number(amount) / 10 ** digits) * 10 ** digitsOf(next)));
  const options = currency === undefined || currency in CURRENCIES ? CURRENCIES : { ...CURRENCIES, [currency]: currency.split(",").join(", ") };

  return (
    <>
      <Select
        label={words.currency}
        none={words.anyCurrency}
        options={options}
        value={currency}
        onChange={(next) => {
          onFilter({ currency: next, min_amount: inNew(min_amount, next ?? assumed), max_amount: inNew(max_amount, next ?? assumed) });
        }}
      />
      {(["min_amount", "max_amount"] as const).map((name) => (
        <Amount
          key={name}
          label={name === "min_amount" ? words.amountFrom : words.amountTo}
          digits={digits}
          value={filters[name]}
          onChange={(amount) => {
            onFilter({ [name]: amount, ...(amount !== undefined && { currency: assumed }) });
          }}
        />
      ))}
    </>
  );
}

const digitsOf = (currency: string | undefined): number =>
  currency === undefined || currency.includes(",") ? USUAL_DIGITS : minorDigits(currency);

/** An amount of a filter in words, such as "R$ 100,00". It has no symbol if the currency is not one. */
export function amountText(amount: string, currency: string | undefined): string {
  if (currency !== undefined && !currency.includes(",")) return formatMoney(Number(amount), currency);
  return formatCount(Number(amount) / 10 ** USUAL_DIGITS);
}

interface AmountProps {
  label: string;
  /** Decimal places of the currency. */
  digits: number;
  /** In minor units. */
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** An amount of money in its main unit. It filters when the field is left or Enter is pressed. */
function Amount({ label, digits, value, onChange }: AmountProps) {
  const unit = 10 ** digits;
  const shown = value === undefined ? "" : String(Number(value) / unit);

  return (
    <form
      className={styles.amount}
      onSubmit={(event) => {
        event.preventDefault();
        const text = new FormData(event.currentTarget).get("amount");
        const amount = typeof text === "string" && text !== "" ? Math.round(Number(text) * unit) : undefined;
        onChange(amount !== undefined && amount >= 0 ? String(amount) : undefined);
      }}
    >
      <input
        key={shown}
        name="amount"
        type="number"
        min="0"
        step={1 / unit}
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
