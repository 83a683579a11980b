/** The locale in which amounts, numbers and times are formatted: the browser's. */
export const LOCALE = navigator.language;
