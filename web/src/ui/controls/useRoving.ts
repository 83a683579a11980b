import { type KeyboardEvent, type RefObject, useRef } from "react";

/** Typed letters within this time belong together. */
const TYPING_MS = 600;

/**
 * Move the focus among the elements that match `selector` inside `container`: with arrow up and down, Home and End,
 * and to the next one whose text begins with what is typed. Returns the handler for `onKeyDown`.
 */
export function useRoving(container: RefObject<HTMLElement | null>, selector: string) {
  const typed = useRef({ text: "", at: 0 });

  return (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const items = [...(container.current?.querySelectorAll<HTMLElement>(selector) ?? [])];
    const current = items.findIndex((item) => item === document.activeElement);
    const next = target(event.key, items, current);
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  };

  function target(key: string, items: readonly HTMLElement[], current: number): HTMLElement | undefined {
    switch (key) {
      case "ArrowDown":
        return items[(current + 1) % items.length];
      case "ArrowUp":
        return items.at(current <= 0 ? -1 : current - 1);
      case "Home":
        return items[0];
      case "End":
        return items.at(-1);
    }
    return key.length === 1 && key !== " " ? startingWith(key, items, current) : undefined;
  }

  function startingWith(letter: string, items: readonly HTMLElement[], current: number): HTMLElement | undefined {
    const now = Date.now();
    const text = (now - typed.current.at < TYPING_MS ? typed.current.text : "") + letter.toLowerCase();
    typed.current = { text, at: now };
    // Further letters may still match the focused item; a first one goes on to the next.
    const start = text.length > 1 ? current : current + 1;
    const ordered = [...items.slice(Math.max(0, start)), ...items.slice(0, Math.max(0, start))];
    return ordered.find((item) => item.textContent.trim().toLowerCase().startsWith(text));
  }
}
