import { expect, it } from "vitest";

import { paymentStateLabel, paymentTypeLabel } from "./labels";

it("uses the same word for a payment's state and for the message that reports it", () => {
  expect(paymentTypeLabel("payment.failed.v1")).toBe("Declined");
  expect(paymentStateLabel("failed")).toBe("Declined");
});

it("makes an unknown payment type readable", () => {
  expect(paymentTypeLabel("payment.captured_partly.v2")).toBe("Captured partly");
});
