import type { ReactNode } from "react";

import { Link } from "react-router";

export const paymentAddress = (id: string): string => `/payments/${encodeURIComponent(id)}`;

/** A link to a payment's story. */
export function PaymentLink({ id, children }: { id: string; children: ReactNode }) {
  return <Link to={paymentAddress(id)}>{children}</Link>;
}
