import { humanise } from "../../ui/format/text";

const DESTINATIONS: Record<string, string> = { meta: "Meta", stripe: "Stripe", webhook: "Webhook" };

/** The name of a kind of destination. */
export const destinationName = (kind: string): string => DESTINATIONS[kind] ?? humanise(kind);
