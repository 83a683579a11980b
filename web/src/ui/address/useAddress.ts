import { useEffect, useEffectEvent, useRef } from "react";

import { useSearchParams } from "react-router";

/** The values of a page's query, by parameter. One that is undefined is left out of the address. */
export type Query = Record<string, string | undefined>;

interface Codec<State> {
  /** Read the query. Unknown values count as absent. */
  read: (search: URLSearchParams) => State;
  /** Write the state, without what it has unless stated otherwise. */
  write: (state: State) => Query;
}

interface ChangeOptions {
  /** Add an entry to the history, as opening does; filtering replaces. */
  push?: boolean;
}

/** A state on its way into the address, and the queries that the page may still have until it arrives. */
interface Pending<State> {
  state: State;
  earlier: Set<string>;
}

/**
 * What a page shows, kept in its address, which can be shared. What the page does not understand is removed from it.
 *
 * The router renders a new address some time after the change. Changes in between add to each other.
 */
export function useAddress<State extends object>({ read, write }: Codec<State>) {
  const [search, setSearch] = useSearchParams();
  const state = read(search);
  const shown = search.toString();
  const queryOf = (known: State) => toSearch(write(known)).toString();
  const understood = queryOf(state);
  const isUnderstood = sorted(search) === sorted(new URLSearchParams(understood));
  const pending = useRef<Pending<State>>(null);

  const change = (changes: Partial<State>, { push = false }: ChangeOptions = {}) => {
    const earlier = pending.current?.earlier.has(shown) === true ? pending.current : { state, earlier: new Set<string>() };
    const next = { ...earlier.state, ...changes };
    pending.current = { state: next, earlier: new Set([...earlier.earlier, shown, queryOf(earlier.state)]) };
    setSearch(toSearch(write(next)), { replace: !push, preventScrollReset: true });
  };

  const removeUnknown = useEffectEvent(() => {
    change({});
  });

  useEffect(() => {
    if (pending.current?.earlier.has(shown) === false) pending.current = null;
    if (!isUnderstood) removeUnknown();
  }, [shown, isUnderstood]);
  return [state, change] as const;
}

/** Build a query for a link. */
export function toSearch(query: Query): URLSearchParams {
  return new URLSearchParams(Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function sorted(search: URLSearchParams): string {
  const copy = new URLSearchParams(search);
  copy.sort();
  return copy.toString();
}
