import { expect, it } from "vitest";

import { gatewayName, isGateway } from "./names";

it("writes a gateway's name as the gateway does", () => {
  expect(gatewayName("perfectpay")).toBe("PerfectPay");
});

it("makes a name readable for a gateway that it does not know", () => {
  expect(isGateway("new_gateway")).toBe(false);
  expect(gatewayName("new_gateway")).toBe("New gateway");
});
