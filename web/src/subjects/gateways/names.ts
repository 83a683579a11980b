import { humanise } from "../../ui/format/text";

/** The gateways that Orylo has an adapter for, in the order in which filters list them. */
export const GATEWAYS: Readonly<Record<string, string>> = {
  stripe: "Stripe",
  hotmart: "Hotmart",
  kiwify: "Kiwify",
  perfectpay: "PerfectPay",
};

export const isGateway = (value: string): boolean => Object.hasOwn(GATEWAYS, value);

export const gatewayName = (gateway: string): string => GATEWAYS[gateway] ?? humanise(gateway);
