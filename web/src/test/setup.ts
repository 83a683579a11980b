import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

import { FakeEventSource } from "./fakeEventSource";
import { FakeIntersectionObserver } from "./fakeIntersectionObserver";
import { setWidth } from "./width";

// Only failing tests wait this long. It keeps tests from failing on a machine that is briefly overloaded.
configure({ asyncUtilTimeout: 30_000 });

vi.mock("eventsource", async () => ({ EventSource: (await import("./fakeEventSource")).FakeEventSource }));

beforeEach(() => {
  FakeEventSource.all = [];
  FakeIntersectionObserver.all = [];
  vi.stubGlobal("IntersectionObserver", FakeIntersectionObserver);
  setWidth(1440);
  Element.prototype.scrollIntoView = vi.fn();
});

afterEach(cleanup);

// jsdom has the dialog element without its methods.
HTMLDialogElement.prototype.showModal = function showModal() {
  this.open = true;
};
HTMLDialogElement.prototype.close = function close() {
  this.open = false;
  this.dispatchEvent(new Event("close"));
};

// jsdom has no popovers. Without them, their content is always shown.
HTMLElement.prototype.showPopover = () => undefined;
