import { currentLocale } from "../../i18n/language";
import { cachedBy } from "./cache";

const count = cachedBy((locale: string) => new Intl.NumberFormat(locale));
const percent = cachedBy((locale: string) => new Intl.NumberFormat(locale, { style: "percent" }));
const compact = cachedBy((locale: string) => new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 }));

export const formatCount = (value: number): string => count(currentLocale()).format(value);

/** Format a ratio: 0.81 as 81%. */
export const formatPercent = (ratio: number): string => percent(currentLocale()).format(ratio);

/** Format a count in the space of an axis or a badge: 12400 as 12.4K. */
export const formatCompact = (value: number): string => compact(currentLocale()).format(value);
