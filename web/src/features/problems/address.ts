import { useCallback, useEffect, useMemo } from "react";

import { useSearchParams } from "react-router";

/** The three kinds of problems, as their addresses have them. */
export const KINDS = ["dead-letters", "quarantine", "rejections"] as const;
export type ProblemKind = (typeof KINDS)[number];

export const isProblemKind = (text: string | undefined): text is ProblemKind => (KINDS as readonly (string | undefined)[]).includes(text);

export interface ProblemAddress {
  /** Filters of the API, by their names there. */
  filters: Readonly<Record<string, string>>;
  view: "groups" | "single";
  /** The entry in the side panel. */
  open: string | undefined;
  /** The job whose progress is shown. */
  job: string | undefined;
}

const WORD = /^[a-z0-9_-]{1,60}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const moment = (text: string) => text.length <= 40 && !Number.isNaN(Date.parse(text));
const cause = (text: string) => text.length > 0 && text.length <= 200;
const word = (text: string) => WORD.test(text);
const uuid = (text: string) => UUID.test(text);
const oneOf =
  (...values: string[]) =>
  (text: string) =>
    values.includes(text);

type Check = (text: string) => boolean;

const FILTERS: Record<ProblemKind, Record<string, Check>> = {
  "dead-letters": {
    source: word,
    kind: oneOf("message", "conversion", "action"),
    cause,
    destination: word,
    destination_id: uuid,
    from: moment,
    to: moment,
  },
  quarantine: { gateway: word, kind: oneOf("quarantined", "conflict"), cause, from: moment, to: moment },
  rejections: { gateway: word, code: word, from: moment, to: moment },
};

/** Read the query of an address. What is unknown or malformed is left out. */
export function parseAddress(kind: ProblemKind, query: URLSearchParams): ProblemAddress {
  const valid = Object.entries(FILTERS[kind]).flatMap(([name, check]) => {
    const value = query.get(name);
    return value !== null && check(value) ? [[name, value] as const] : [];
  });
  const id = (name: string) => {
    const value = query.get(name);
    return value !== null && uuid(value) ? value : undefined;
  };
  return {
    filters: Object.fromEntries(valid),
    view: query.get("view") === "single" ? "single" : "groups",
    open: kind === "rejections" ? undefined : id("open"),
    job: kind === "rejections" ? undefined : id("job"),
  };
}

export function writeAddress({ filters, view, open, job }: ProblemAddress): URLSearchParams {
  const query = new URLSearchParams(filters);
  if (view === "single") query.set("view", view);
  if (open !== undefined) query.set("open", open);
  if (job !== undefined) query.set("job", job);
  return query;
}

/** The state of the page in its address. Opening an entry adds to the history, filtering replaces. */
export function useProblemAddress(kind: ProblemKind) {
  const [query, setQuery] = useSearchParams();
  const address = useMemo(() => parseAddress(kind, query), [kind, query]);
  const clean = writeAddress(address).toString();
  const isClean = new URLSearchParams([...query].sort()).toString() === new URLSearchParams([...writeAddress(address)].sort()).toString();

  useEffect(() => {
    if (!isClean) setQuery(clean, { replace: true });
  }, [isClean, clean, setQuery]);
  const go = useCallback(
    (changes: Partial<ProblemAddress>) => {
      const pushes = changes.open !== undefined && address.open === undefined;
      setQuery(writeAddress({ ...address, ...changes }), { replace: !pushes, preventScrollReset: true });
    },
    [address, setQuery],
  );
  return { address, go };
}
