import type { Detection, ListedPayment, PaymentState } from "../../api/types";
import { isGateway } from "../../subjects/gateways/names";
import { parseRange, type Range, rangeParameters } from "../../ui/controls/range";
import type { Query } from "../../ui/address/useAddress";

export const STATES = [
  "created",
  "failed",
  "canceled",
  "succeeded",
  "partially_refunded",
  "refunded",
  "disputed",
  "dispute_won",
  "chargeback",
] as const satisfies PaymentState[];
export const CONVERSIONS = ["dispatched", "pending", "suppressed", "failed", "none"] as const;
const CHOICES = {
  decision: ["allow", "review", "block"],
  state: STATES,
  conversion: CONVERSIONS,
  verdict: ["fraud", "legitimate", "none"],
} as const;

/** What the list is filtered by. Several values of one filter are separated by commas, as the API takes them. */
export interface Filters {
  decision?: string | undefined;
  state?: string | undefined;
  conversion?: string | undefined;
  verdict?: string | undefined;
  gateway?: string | undefined;
  currency?: string | undefined;
  /** The least risk, and the amounts in minor units: numbers. */
  min_risk?: string | undefined;
  min_amount?: string | undefined;
  max_amount?: string | undefined;
  range?: Range | undefined;
  /** An order id, the last digits of a card or the beginning of an id. */
  q?: string | undefined;
}

/** A value that identifies a person. It is sent in a body, and stands in no address. */
export interface Person {
  kind: "email" | "phone" | "document";
  value: string;
}

export interface Address extends Filters {
  /** The id of the open payment. */
  open?: string | undefined;
  /** The job that exports the list. */
  job?: string | undefined;
}

export const NO_FILTERS: Filters = {};

const JOB_ID = /^[0-9a-f-]{36}$/;
const MAX_AMOUNT = 2 ** 53;

/** What the page's address says: filters and the open payment. Unknown values are left out. */
export const paymentsAddress = {
  read: (search: URLSearchParams): Address => ({
    decision: choices("decision", search),
    state: choices("state", search),
    conversion: choices("conversion", search),
    verdict: choices("verdict", search),
    gateway: gatewaysOf(search.get("gateway")),
    currency: currenciesOf(search.get("currency")),
    min_risk: whole(search.get("min_risk"), 100),
    min_amount: whole(search.get("min_amount"), MAX_AMOUNT),
    max_amount: whole(search.get("max_amount"), MAX_AMOUNT),
    range: parseRange(search.get("range")),
    q: searchable(search.get("q")),
    open: given(search.get("open") ?? ""),
    job: JOB_ID.exec(search.get("job") ?? "")?.[0],
  }),
  write: (address: Address): Query => ({ ...address }),
};

function choices(name: keyof typeof CHOICES, search: URLSearchParams): string | undefined {
  const known: readonly string[] = CHOICES[name];
  const values = search.get(name)?.split(",") ?? [];
  return given(values.filter((each) => known.includes(each)).join(","));
}

const gatewaysOf = (text: string | null) => given(text?.split(",").filter(isGateway).join(",") ?? "");

const currenciesOf = (text: string | null) => given(text?.split(",").filter((each) => /^[A-Z]{3}$/.test(each)).join(",") ?? "");

const given = (text: string) => (text === "" ? undefined : text);

function whole(text: string | null, most: number): string | undefined {
  return text !== null && /^\d{1,16}$/.test(text) && Number(text) <= most ? String(Number(text)) : undefined;
}

/** The API takes 3 to 200 characters. What has an @ is an email address, which has no place in an address. */
export const searchable = (text: string | null): string | undefined =>
  text !== null && text.length >= 3 && text.length <= 200 && !text.includes("@") ? text : undefined;

export const hasFilters = (filters: Filters): boolean => Object.values(filters).some((value) => value !== undefined);

/** The API's parameters. A range that goes on has no end: what happens from now on belongs to it. */
export function parametersOf({ range, ...filters }: Filters, zone: string, now = new Date()): Record<string, string | undefined> {
  if (range === undefined) return filters;
  const { from, to } = rangeParameters(range, zone, now);
  return { ...filters, from, ...(isClosed(to, now) && { to }) };
}

const isClosed = (to: string, now: Date) => Date.parse(to) < now.getTime();

const LISTS = ["decision", "state", "conversion", "verdict", "gateway", "currency"];
const NUMBERS = ["min_risk", "min_amount", "max_amount"];

/** The parameters as a body has them: lists and numbers. */
export function bodyOf(parameters: Record<string, string | undefined>): Record<string, unknown> {
  const given = Object.entries(parameters).filter((each): each is [string, string] => each[1] !== undefined);
  return Object.fromEntries(
    given.map(([name, value]) => [name, LISTS.includes(name) ? value.split(",") : NUMBERS.includes(name) ? Number(value) : value]),
  );
}

/** Whether a payment that the stream reports may belong to the list. Of a search or a past range, only the API knows. */
export function takesNewPayments({ range, q }: Filters, person: Person | null, zone: string, now = new Date()): boolean {
  if (q !== undefined || person !== null) return false;
  return range === undefined || !isClosed(rangeParameters(range, zone, now).to, now);
}

const has = (list: string | undefined, value: string) => list === undefined || list.split(",").includes(value);

/** Whether a payment, as it is known now, matches the filters. */
export function matches(payment: ListedPayment, filters: Filters): boolean {
  const { decision, amount_minor: amount, state, conversion, verdict, gateway } = payment;
  const { min_risk, min_amount, max_amount } = filters;
  return (
    has(filters.decision, decision?.decision ?? "") &&
    has(filters.state, state) &&
    has(filters.conversion, conversion?.status ?? "none") &&
    has(filters.verdict, verdict?.verdict ?? "none") &&
    has(filters.gateway, gateway) &&
    has(filters.currency, payment.currency) &&
    (min_risk === undefined || (decision !== null && decision.risk_score >= Number(min_risk))) &&
    (min_amount === undefined || amount >= Number(min_amount)) &&
    (max_amount === undefined || amount <= Number(max_amount))
  );
}

/** Whether a decision may be listed: as `matches`, by what a decision says. */
export function mayMatch({ decision, gateway, currency, risk_score, amount_minor: amount }: Detection, filters: Filters): boolean {
  const { min_risk, min_amount, max_amount } = filters;
  return (
    has(filters.decision, decision) &&
    has(filters.gateway, gateway) &&
    has(filters.currency, currency) &&
    (min_risk === undefined || risk_score >= Number(min_risk)) &&
    (min_amount === undefined || amount >= Number(min_amount)) &&
    (max_amount === undefined || amount <= Number(max_amount))
  );
}
