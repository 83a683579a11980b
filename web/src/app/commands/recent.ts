const STORAGE_KEY = "orylo.commands";
const MOST = 5;

/** The ids of the pages and actions that were chosen last, newest first. Nothing else is stored. */
export function recentCommands(): string[] {
  const stored = localStorage.getItem(STORAGE_KEY);
  return stored === null ? [] : stored.split("\n");
}

export function rememberCommand(id: string): void {
  localStorage.setItem(STORAGE_KEY, [id, ...recentCommands().filter((each) => each !== id)].slice(0, MOST).join("\n"));
}
