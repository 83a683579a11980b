import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

import { FakeEventSource } from "./fakeEventSource";
import { FakeIntersectionObserver } from "./fakeIntersectionObserver";

// Waited for in full only by a test that fails: a machine that stands still for a moment makes none fail.
configure({ asyncUtilTimeout: 30_000 });

beforeEach(() => {
  FakeEventSource.all = [];
  FakeIntersectionObserver.all = [];
  vi.stubGlobal("EventSource", FakeEventSource);
  vi.stubGlobal("IntersectionObserver", FakeIntersectionObserver);
  Element.prototype.scrollIntoView = vi.fn();
});

afterEach(cleanup);

// jsdom knows the element but not what it does.
HTMLDialogElement.prototype.showModal = function showModal() {
  this.open = true;
};
HTMLDialogElement.prototype.close = function close() {
  this.open = false;
  this.dispatchEvent(new Event("close"));
};
