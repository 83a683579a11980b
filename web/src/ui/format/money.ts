import { currentLocale } from "../../i18n/language";
import { cachedBy } from "./cache";

// Decimal places per currency. They must match the services' table: Intl differs from it for a few currencies.
const WITHOUT_DECIMALS = new Set(
  "BIF CLP DJF GNF ISK JPY KMF KRW MGA PYG RWF UGX UYI VND VUV XAF XOF XPF".split(" "),
);
const WITH_THREE = new Set("BHD IQD JOD KWD LYD OMR TND".split(" "));

/** How many decimal places a currency has. */
export function minorDigits(currency: string): number {
  if (WITHOUT_DECIMALS.has(currency)) return 0;
  return WITH_THREE.has(currency) ? 3 : 2;
}

const money = cachedBy((locale: string, currency: string) => {
  const digits = minorDigits(currency);
  return new Intl.NumberFormat(locale, {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
});

/** Format minor units: 49790 of BRL as R$497.90. */
export function formatMoney(amountMinor: number, currency: string, locale = currentLocale()): string {
  return money(locale, currency).format(amountMinor / 10 ** minorDigits(currency));
}
