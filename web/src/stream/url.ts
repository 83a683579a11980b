/** The stream's address. The time zone says when the overview's today begins. */
export function streamUrl(): string {
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return `/api/v1/stream?${new URLSearchParams({ timezone }).toString()}`;
}
