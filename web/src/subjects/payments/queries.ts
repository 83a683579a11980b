/** The keys of what is shown of payments. An action changes both at once. */
export const paymentsKey = ["payments"];
export const storyKey = (id: string) => ["payment", id, "story"];
/** Everything about one payment: its story, notes and related payments. */
export const paymentKey = (id: string) => ["payment", id];

export const paymentPath = (id: string): string => `/api/v1/payments/${encodeURIComponent(id)}`;
