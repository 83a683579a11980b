import { useSyncExternalStore } from "react";

export interface ToastContent {
  text: string;
  tone?: "good" | "bad";
  /** Take back what was done. */
  undo?: () => void;
  link?: { to: string; text: string };
}

export interface Toast extends ToastContent {
  id: number;
  /** When it was shown, ISO 8601. */
  at: string;
}

const MOST_SHOWN = 3;
const MOST_KEPT = 20;

interface State {
  /** Those on the screen, oldest first. */
  shown: readonly Toast[];
  /** The last ones, newest first. */
  history: readonly Toast[];
}

let state: State = { shown: [], history: [] };
let lastId = 0;
const listeners = new Set<() => void>();

function set(next: State) {
  state = next;
  for (const notify of listeners) notify();
}

/** Show a short message for a few seconds. A fourth one displaces the oldest. */
export function toast(content: ToastContent): void {
  const added: Toast = { ...content, id: ++lastId, at: new Date().toISOString() };
  set({ shown: [...state.shown, added].slice(-MOST_SHOWN), history: [added, ...state.history].slice(0, MOST_KEPT) });
}

export function dismiss(id: number): void {
  set({ ...state, shown: state.shown.filter((each) => each.id !== id) });
}

/** Undo what a toast offers to undo, once. */
export function undo({ id, undo: takeBack }: Toast): void {
  dismiss(id);
  takeBack?.();
}

/** Undo the newest toast on the screen that can be undone. */
export function undoNewest(): void {
  const newest = state.shown.findLast((each) => each.undo !== undefined);
  if (newest !== undefined) undo(newest);
}

/** Forget all toasts: they belong to the user who is signing out. */
export const clearToasts = (): void => {
  set({ shown: [], history: [] });
};

const watch = (onChange: () => void) => {
  listeners.add(onChange);
  return () => {
    listeners.delete(onChange);
  };
};

export const useShownToasts = (): readonly Toast[] => useSyncExternalStore(watch, () => state.shown);

/** Return the last 20 toasts, newest first. */
export const useToastHistory = (): readonly Toast[] => useSyncExternalStore(watch, () => state.history);
