/**
 * Return whether a key is meant for the page: no field has the focus, no modifier is held, and no dialog is open.
 * `fieldTakesNone` says that the focused field does nothing with letters.
 */
export function isPlainKey(event: KeyboardEvent, fieldTakesNone = false): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false;
  const { target } = event;
  const inField = target instanceof Element && target.closest("input, select, textarea, [contenteditable]") !== null;
  if (inField && !fieldTakesNone) return false;
  return document.querySelector("dialog[open]") === null;
}
