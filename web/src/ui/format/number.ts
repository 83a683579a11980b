import { LOCALE } from "./locale";

const COUNT = new Intl.NumberFormat(LOCALE);
const PERCENT = new Intl.NumberFormat(LOCALE, { style: "percent" });

export const formatCount = (count: number): string => COUNT.format(count);

/** Format a ratio: 0.81 as 81%. */
export const formatPercent = (ratio: number): string => PERCENT.format(ratio);
