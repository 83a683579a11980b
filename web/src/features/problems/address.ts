import { type Query, useAddress } from "../../ui/address/useAddress";

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

export const writeAddress = ({ filters, view, open, job }: ProblemAddress): Query => ({
  ...filters,
  view: view === "single" ? view : undefined,
  open,
  job,
});

/** The state of the page in its address. Opening an entry adds to the history, filtering replaces. */
export function useProblemAddress(kind: ProblemKind) {
  const [address, change] = useAddress<ProblemAddress>({ read: (search) => parseAddress(kind, search), write: writeAddress });
  const go = (changes: Partial<ProblemAddress>) => {
    change(changes, { push: changes.open !== undefined && address.open === undefined });
  };
  return { address, go };
}
