import type { IconName } from "../../ui/display/Icon";

export type CommandGroup = "recent" | "here" | "pages" | "actions" | "things";

/** A line of the command menu. */
export interface Command {
  /** Names it among all, also in a later visit. Things have one too, but are never remembered. */
  id: string;
  group: CommandGroup;
  label: string;
  /** What tells it from others: an amount, an id. */
  detail?: string | undefined;
  icon: IconName;
  /** The key that does the same. */
  key?: string | undefined;
  run: () => void;
}

const MOST_PER_GROUP = 8;

/**
 * Return the commands to show for what was typed, by group. Without a text: the recent ones first, each once. Things were
 * found by the server, so they all match.
 */
export function commandsFor(text: string, commands: readonly Command[], things: readonly Command[], recent: readonly string[]): Command[] {
  const wanted = folded(text).split(" ").filter(Boolean);
  if (wanted.length === 0) {
    const last = recent.flatMap((id) => commands.find((each) => each.id === id) ?? []);
    return [...last.map((each) => ({ ...each, group: "recent" as const })), ...commands.filter(({ id }) => !recent.includes(id))];
  }
  const matching = commands.filter(({ label }) => wanted.every((word) => ` ${folded(label)}`.includes(` ${word}`)));
  // A word's beginning first; then anywhere.
  const within = commands.filter((each) => !matching.includes(each) && wanted.every((word) => folded(each.label).includes(word)));
  return [...firstOfEach([...matching, ...within]), ...things];
}

const ORDER: readonly CommandGroup[] = ["recent", "here", "pages", "actions", "things"];

/** The commands group by group, at most a few of each. */
function firstOfEach(commands: readonly Command[]): Command[] {
  return ORDER.flatMap((group) => commands.filter((each) => each.group === group).slice(0, MOST_PER_GROUP));
}

/** In lower case and without accents, so that "visao" finds "Visão geral". */
const folded = (text: string): string =>
  text
    .normalize("NFD")
    .replaceAll(/\p{Diacritic}/gu, "")
    .toLowerCase()
    .trim();
