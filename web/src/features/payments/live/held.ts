import { type Row, newestFirst } from "./rows";

/** The rows that were shown when they began to be held, in their order. */
export interface Snapshot {
  ids: readonly string[];
  last: Row | undefined;
}

export const snapshotOf = (rows: readonly Row[]): Snapshot => ({ ids: rows.map(({ id }) => id), last: rows.at(-1) });

interface Held {
  rows: Row[];
  /** How many payments are not shown until rows are released. */
  count: number;
}

/**
 * Hold rows: those shown keep their places and show their newest state, also if they no longer match. Older pages are
 * added below; what is newer is counted. `all` has every payment that is known, by id.
 */
export function holdRows({ ids, last }: Snapshot, listed: readonly Row[], all: ReadonlyMap<string, Row>): Held {
  const shown = new Set(ids);
  const others = listed.filter(({ id }) => !shown.has(id));
  const older = last === undefined ? [] : others.filter(({ payment }) => newestFirst(payment, last.payment) > 0);
  return { rows: [...ids.flatMap((id) => all.get(id) ?? []), ...older], count: others.length - older.length };
}
