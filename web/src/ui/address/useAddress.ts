import { useEffect } from "react";

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

/** What a page shows, kept in its address, which can be shared. What the page does not understand is removed from it. */
export function useAddress<State extends object>({ read, write }: Codec<State>) {
  const [search, setSearch] = useSearchParams();
  const state = read(search);
  const understood = toSearch(write(state)).toString();
  const isUnderstood = sorted(search) === sorted(new URLSearchParams(understood));

  useEffect(() => {
    if (!isUnderstood) setSearch(new URLSearchParams(understood), { replace: true, preventScrollReset: true });
  }, [isUnderstood, understood, setSearch]);

  const change = (changes: Partial<State>, { push = false }: ChangeOptions = {}) => {
    setSearch(toSearch(write({ ...state, ...changes })), { replace: !push, preventScrollReset: true });
  };
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
