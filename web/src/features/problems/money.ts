import type { MoneyTotal } from "../../api/types";
import { formatMoney } from "../../ui/format/money";

/** Amounts of several currencies, which are never added: "R$ 12,300.00 · US$ 40.00". */
export const moneyText = (totals: readonly MoneyTotal[]): string =>
  totals.map(({ amount_minor, currency }) => formatMoney(amount_minor, currency)).join(" · ");
