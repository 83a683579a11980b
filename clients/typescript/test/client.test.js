// Against the running API at ORYLO_URL, with an API key in ORYLO_API_KEY.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, connect, items } from "../dist/index.js";

const options = { url: process.env.ORYLO_URL, apiKey: process.env.ORYLO_API_KEY };
const orylo = connect(options);

/** An entry of a list that only these tests use. */
const entry = (value) => ({ list: "typescript", type: "ip", value, reason: "card testing" });

test("a resource is added, read and changed", async () => {
  const { data: added } = await orylo.POST("/api/v1/lists/entries", { body: entry("203.0.113.1") });
  const path = { id: added.id };
  const { response } = await orylo.GET("/api/v1/lists/entries/{id}", { params: { path } });
  const header = { "If-Match": response.headers.get("ETag") };
  const change = { params: { path, header }, body: { reason: "a proxy", expires_at: null } };
  const { data: changed } = await orylo.PUT("/api/v1/lists/entries/{id}", change);
  assert.equal(changed.reason, "a proxy");
  await assert.rejects(orylo.PUT("/api/v1/lists/entries/{id}", change), { status: 412, code: "precondition_failed" });
});

test("every page is read", async () => {
  for (const last of [11, 12, 13]) {
    await orylo.POST("/api/v1/lists/entries", { body: { ...entry(`203.0.113.${last}`), list: "pages" } });
  }
  const seen = [];
  const read = (cursor) =>
    orylo.GET("/api/v1/lists/entries", { params: { query: { list: "pages", limit: 2, cursor } } });
  for await (const each of items(read)) seen.push(each.value);
  assert.deepEqual(seen.sort(), ["203.0.113.11", "203.0.113.12", "203.0.113.13"]);
});

test("problems are errors that name the fields", async () => {
  const adding = orylo.POST("/api/v1/lists/entries", { body: entry("not an address") });
  await assert.rejects(adding, (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.status, error.code, error.errors[0].field], [422, "validation", "body.value"]);
    return true;
  });
});

test("a POST whose response was lost takes effect once", async () => {
  const keys = [];
  const losing = async (request) => {
    keys.push(request.headers.get("Idempotency-Key"));
    const response = await fetch(request);
    if (keys.length > 1) return response;
    throw new TypeError("the connection was lost");
  };
  const { data } = await connect({ ...options, fetch: losing }).POST("/api/v1/lists/entries", {
    body: entry("203.0.113.2"),
  });
  assert.equal(data.value, "203.0.113.2");
  assert.equal(keys.length, 2);
  assert.equal(new Set(keys).size, 1);
});

test("a request is repeated only while that may help and cannot harm", async () => {
  const answering = (...statuses) => async () =>
    new Response("{}", { status: statuses.shift(), headers: { "Retry-After": "0", "Content-Type": "application/json" } });
  const list = (...statuses) => connect({ ...options, fetch: answering(...statuses) }).GET("/api/v1/lists");
  assert.equal((await list(503, 429, 200)).response.status, 200);
  await assert.rejects(list(503, 503, 503, 503), { status: 503 });
  await assert.rejects(list(500), { status: 500, code: "unknown" });
});

test("the timeout ends with the headers, so that a long file is read to its end", async () => {
  const slow = async ({ signal }) => {
    const body = new ReadableStream({
      start(controller) {
        signal.addEventListener("abort", () => controller.error(signal.reason));
        setTimeout(() => {
          if (signal.aborted) return;
          controller.enqueue(new TextEncoder().encode("list,type,value,reason"));
          controller.close();
        }, 100);
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/csv" } });
  };
  const params = { query: { list: "block" } };
  const { data } = await connect({ ...options, fetch: slow, timeoutMs: 20 }).GET("/api/v1/lists/export", {
    params,
    parseAs: "text",
  });
  assert.equal(data, "list,type,value,reason");
});

test("an attempt without a response in time is repeated", async () => {
  let sent = 0;
  const silent = ({ signal }) =>
    new Promise((_, reject) => {
      sent += 1;
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  const listing = connect({ ...options, fetch: silent, timeoutMs: 10, attempts: 2 }).GET("/api/v1/lists");
  await assert.rejects(listing, { name: "TimeoutError" });
  assert.equal(sent, 2);
});
