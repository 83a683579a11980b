/** Orylo's REST API, typed from its OpenAPI document. */
import createClient, { type Client, type ClientOptions } from "openapi-fetch";

import { raiseProblems } from "./problems.js";
import { retrying, type RetryOptions } from "./retries.js";
import type { components, paths } from "./schema.js";

export { ApiError, type FieldProblem } from "./problems.js";
export { items, type Page } from "./pages.js";
export type { components, paths } from "./schema.js";

/** A model of the document, such as `Model<"Customer">`. */
export type Model<Name extends keyof components["schemas"]> = components["schemas"][Name];

export interface ConnectOptions extends RetryOptions {
  /** Where the API is, such as `https://orylo.example`. */
  url: string;
  apiKey: string;
  /** Sends the requests; by default the platform's `fetch`. */
  fetch?: ClientOptions["fetch"];
}

/**
 * Return a client: `client.GET("/api/v1/customers/{id}", { params: { path: { id } } })`.
 *
 * A call returns `{ data, response }`. An error response throws an `ApiError`.
 */
export function connect({ url, apiKey, fetch, ...retries }: ConnectOptions): Client<paths> {
  const client = createClient<paths>({
    baseUrl: url,
    headers: { Authorization: `Bearer ${apiKey}` },
    fetch: retrying(fetch ?? ((request) => globalThis.fetch(request)), retries),
  });
  client.use({ onResponse: raiseProblems });
  return client;
}
