import { Link } from "react-router";

import type { ReceivedWebhook } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { Badge } from "../../ui/display/Badge";
import { Time } from "../../ui/display/Time";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import styles from "./Gateways.module.css";
import { useRecentWebhooks, useWebhookEvents } from "./useGateways";
import { gatewayWords } from "./words";

const TONES: Record<ReceivedWebhook["state"], "good" | "plain" | "warn" | "bad"> = {
  accepted: "good",
  already_reported: "plain",
  ignored: "plain",
  quarantined: "warn",
  conflict: "warn",
  refused: "bad",
};

interface Props {
  gateway: string;
  /** What is said while there is none. */
  none?: string;
  /** Someone waits for the next one. */
  waiting?: boolean;
  /** The most to show. */
  most?: number;
}

/** The last webhooks of a gateway, accepted and refused, each with the answer and, if refused, with its fix. */
export function RecentWebhooks({ gateway, none, waiting = false, most = 50 }: Props) {
  const words = useWords(gatewayWords);
  const webhooks = useRecentWebhooks(gateway, waiting);
  const failure = useFailure(webhooks);
  useWebhookEvents(gateway);

  if (webhooks.data === undefined && failure !== null) {
    return <Failed what={words.webhooks.what} error={failure} retry={() => void webhooks.refetch()} />;
  }
  if (webhooks.data === undefined) return <Loading what={words.webhooks.what} rows={3} />;
  if (webhooks.data.items.length === 0) return <Empty text={none ?? words.webhooks.none} />;
  return (
    <ol className={styles.webhooks} aria-label={words.webhooks.label}>
      {webhooks.data.items.slice(0, most).map((webhook) => (
        <Webhook key={webhook.id} webhook={webhook} />
      ))}
    </ol>
  );
}

function Webhook({ webhook: { state, type, status, code, reason, deliveries, remote, payment_id, last_received_at } }: { webhook: ReceivedWebhook }) {
  const words = useWords(gatewayWords);
  const refusal = code === null ? undefined : words.refusals[code];
  const detail = refusal === undefined ? reason : refusal.fix;

  return (
    <li className={styles.webhook} data-tone={TONES[state]}>
      <span className={styles.when}>
        <Time iso={last_received_at} />
      </span>
      <Badge tone={TONES[state]}>
        {status} {words.states[state]}
      </Badge>
      <span className={styles.type}>
        {type ?? refusal?.cause ?? code}
        {deliveries > 1 && ` ${words.webhooks.times(deliveries)}`}
        {remote !== null && <small> {words.webhooks.from(remote)}</small>}
      </span>
      {payment_id !== null && <Link to={`/payments/${encodeURIComponent(payment_id)}`}>{words.webhooks.payment}</Link>}
      {detail !== null && <span className={styles.detail}>{detail}</span>}
    </li>
  );
}
