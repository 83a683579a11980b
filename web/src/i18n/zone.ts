let zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The time zone in which times are shown: the user's, else the shop's, else the browser's until the preferences are loaded. */
export const currentZone = (): string => zone;

export function setZone(next: string): void {
  zone = next;
}
