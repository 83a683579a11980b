/** What a key does, for the page or the dialog that registers it. */
export interface Key {
  /**
   * As `KeyboardEvent.key` names it: `j`, `J` (with shift), `Enter`, `ArrowDown`. `g p` is one key after the other, and
   * `Mod+k` is Ctrl or, on a Mac, ⌘.
   */
  key: string;
  /** What it does. Keys of one group with the same label are listed together. */
  label: string;
  run: () => void;
}

export interface KeyGroup {
  /** The heading in the list of keys, or null for those of the page. */
  title: string | null;
  keys: readonly Key[];
  /** The open dialog that has the keys, or 0 for the page. Only the keys of the topmost layer work. */
  layer: number;
}

/** How long the second key of a sequence may take. */
const SEQUENCE_MS = 1_500;
const FIELDS = "input, textarea, select, [contenteditable='true'], [role='textbox']";
// These act on Enter and Space themselves.
const ACTED_ON = "a, button, summary, input, select, [role='option'], [role='menuitem'], [role='tab']";

const groups: KeyGroup[] = [];
const layers: number[] = [];
let lastLayer = 0;
let lettersWork = true;
let prefix = "";
let prefixEnds: ReturnType<typeof setTimeout> | undefined;

/** Register keys. Of two groups with the same key, the one that was registered last has it. */
export function register(group: KeyGroup): () => void {
  if (groups.length === 0) document.addEventListener("keydown", handle);
  groups.push(group);
  return () => {
    groups.splice(groups.indexOf(group), 1);
    if (groups.length === 0) document.removeEventListener("keydown", handle);
  };
}

/** Open a layer above the page, as a modal dialog does: until it closes, only its keys work. */
export function newLayer(): number {
  lastLayer += 1;
  return lastLayer;
}

export function openLayer(layer: number): () => void {
  layers.push(layer);
  return () => {
    layers.splice(layers.indexOf(layer), 1);
  };
}

/** Whether keys that type a character work. Speech input types them by accident (WCAG 2.1.4). */
export function allowLetters(allowed: boolean): void {
  lettersWork = allowed;
}

export const lettersAllowed = (): boolean => lettersWork;

/** Return the keys of a layer as they are now, those of the page first and the shell's last. */
export function registeredKeys(layer = 0): readonly KeyGroup[] {
  return groups
    .filter((group) => group.layer === layer && group.keys.length > 0)
    .sort((one, other) => Number(one.title !== null) - Number(other.title !== null));
}

function handle(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const typed = typedKey(event);
  if (typed === null) return;
  const before = prefix;
  endSequence();
  const found = find(before === "" ? typed : `${before} ${typed}`) ?? (before === "" ? undefined : find(typed));
  if (found !== undefined) {
    event.preventDefault();
    found.run();
  } else if (before === "" && startsSequence(typed)) {
    prefix = typed;
    prefixEnds = setTimeout(endSequence, SEQUENCE_MS);
  }
}

/** Return the key in the notation of `Key.key`, or null if it is not for us. */
function typedKey(event: KeyboardEvent): string | null {
  const { key, target } = event;
  if (event.altKey) return null;
  if (event.ctrlKey || event.metaKey) return key.length === 1 || key === "Enter" ? `Mod+${key}` : null;
  if (target instanceof Element) {
    if (isField(target)) return null;
    if ((key === "Enter" || key === " ") && target.closest(ACTED_ON) !== null) return null;
  }
  return key.length === 1 && !lettersWork ? null : key;
}

function isField(target: Element): boolean {
  const field = target.closest(FIELDS);
  return field !== null && !(field instanceof HTMLInputElement && ["checkbox", "radio", "button"].includes(field.type));
}

const activeGroups = (): KeyGroup[] => groups.filter(({ layer }) => layer === (layers.at(-1) ?? 0)).reverse();

const find = (typed: string): Key | undefined =>
  activeGroups()
    .flatMap(({ keys }) => keys)
    .find(({ key }) => key === typed);

const startsSequence = (typed: string): boolean =>
  activeGroups().some(({ keys }) => keys.some(({ key }) => key.startsWith(`${typed} `)));

function endSequence(): void {
  clearTimeout(prefixEnds);
  prefix = "";
}
