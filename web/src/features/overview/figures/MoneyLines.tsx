import { useWords } from "../../../i18n/words";
import { formatMoney } from "../../../ui/format/money";
import { Disclosure } from "../../../ui/panel/Disclosure";
import { overviewWords } from "../words";

interface Amount {
  currency: string;
  minor: number;
}

const MOST_LINES = 3;

const line = ({ currency, minor }: Amount) => formatMoney(minor, currency);

/** The largest amount, for the number of a card. Amounts of different currencies are never added. */
export const largestAmount = ([first]: readonly Amount[], otherwise: string): string => (first === undefined ? otherwise : line(first));

/** The amounts after the largest, a line for each currency. */
export function OtherAmounts({ amounts }: { amounts: readonly Amount[] }) {
  const words = useWords(overviewWords);
  const others = amounts.slice(1);
  const shown = others.length < MOST_LINES ? others : others.slice(0, MOST_LINES - 1);
  const rest = others.slice(shown.length);

  return (
    <>
      {shown.map((amount) => (
        <span key={amount.currency}>{line(amount)}</span>
      ))}
      {rest.length > 0 && (
        <Disclosure title={words.more(rest.length)}>
          {rest.map((amount) => (
            <div key={amount.currency}>{line(amount)}</div>
          ))}
        </Disclosure>
      )}
    </>
  );
}
