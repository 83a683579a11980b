/** The reader's own notation for amounts, numbers and times. */
export const LOCALE = navigator.language;
