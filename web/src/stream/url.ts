/** The stream's address. The time zone says when the overview's today begins. Pages show states, not each change. */
export function streamUrl(): string {
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return `/api/v1/stream?${new URLSearchParams({ timezone, coalesce: "true" }).toString()}`;
}
