/** Load the whole dashboard anew. */
export function reload(): void {
  window.location.reload();
}
