import type { ListedPayment } from "../../../api/types";
import { type Row, newestFirst } from "./rows";

interface Held {
  rows: Row[];
  /** How many payments are not shown until rows are released. */
  count: number;
}

/**
 * Hold rows: those shown when that began keep their places and show their newest state, also if they no longer match.
 * Older pages are added below; what is newer is counted. `all` has every payment that is known, by id. Of those that the
 * API returned, `oldest` is the last, unless there are no older ones: rows beyond it stay as they were.
 */
export function holdRows(
  shown: readonly Row[],
  listed: readonly Row[],
  all: ReadonlyMap<string, Row>,
  oldest: ListedPayment | undefined,
): Held {
  const ids = new Set(shown.map(({ id }) => id));
  const others = listed.filter(({ id }) => !ids.has(id));
  const last = shown.at(-1);
  const older = last === undefined ? [] : others.filter(({ payment }) => newestFirst(payment, last.payment) > 0);
  const isBeyond = ({ payment }: Row) => oldest !== undefined && newestFirst(payment, oldest) > 0;
  const kept = shown.flatMap((row) => all.get(row.id) ?? (isBeyond(row) ? row : []));
  return { rows: [...kept, ...older], count: others.length - older.length };
}
