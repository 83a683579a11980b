import { Link } from "react-router";

import { StatusBadge } from "../customers/StatusBadge";
import { TrustScore } from "../customers/TrustScore";
import { useCustomer } from "../customers/useCustomer";
import { useStatus } from "../customers/useStatus";
import { Glyph } from "../../ui/display/Glyph";
import { abbreviateId } from "../../ui/format/text";
import styles from "./Buyer.module.css";

/** A payment's buyer with trust score and status, as a link to all that is known of them. */
export function Buyer({ customerId }: { customerId: string }) {
  const customer = useCustomer(customerId).data;
  const status = useStatus(customerId).data?.value;

  return (
    <p className={styles.buyer}>
      <Glyph id={customerId} />
      <Link to={`/customers/${encodeURIComponent(customerId)}`} title={customerId}>
        {abbreviateId(customerId)}
      </Link>
      {customer !== undefined && <TrustScore score={customer.trust_score} change={0} />}
      {status !== undefined && <StatusBadge {...status} />}
    </p>
  );
}
