/** Return the id of the request that failed, if the API sent one. Users give it to support. */
export function requestIdOf(error: Error): string | undefined {
  return (error as Error & { problem?: { request_id?: string | null } }).problem?.request_id ?? undefined;
}
