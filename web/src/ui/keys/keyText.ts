// Mac keyboards have symbols on their keys.
const IS_MAC = navigator.userAgent.includes("Mac");
const NAMES: Readonly<Record<string, string>> = {
  Mod: IS_MAC ? "⌘" : "Ctrl",
  ArrowDown: "↓",
  ArrowUp: "↑",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  Enter: "⏎",
};

/** The keys of a combination as they are written on the keyboard: `Mod+k` is Ctrl and K, `J` is ⇧J. */
export function keysOf(combination: string): string[] {
  return combination.split(/(?<=.)\+/).map((key) => NAMES[key] ?? letter(key));
}

export const keyText = (combination: string): string => keysOf(combination).join(" ");

const letter = (key: string): string => (key.length === 1 && key !== key.toLowerCase() ? `⇧${key}` : key.toUpperCase());
