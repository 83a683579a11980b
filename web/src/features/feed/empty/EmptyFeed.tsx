import { Button } from "../../../ui/controls/Button";
import { CopyableCode } from "../../../ui/controls/CopyableCode";
import { Icon } from "../../../ui/display/Icon";
import type { Filters } from "../live/decisions";
import styles from "./EmptyFeed.module.css";
import { firstWebhook } from "./firstWebhook";

interface Props {
  tenant: string;
  filters: Filters;
  onFilter: (filters: Partial<Filters>) => void;
}

export function EmptyFeed({ tenant, filters, onFilter }: Props) {
  if (filters.decision === undefined && filters.gateway === undefined) return <FirstSteps tenant={tenant} />;
  return (
    <div className={styles.empty}>
      <p className={styles.title}>No decisions match this filter yet</p>
      <p>New decisions that match it appear here.</p>
      <Button
        onClick={() => {
          onFilter({ decision: undefined, gateway: undefined });
        }}
      >
        Show all
      </Button>
    </div>
  );
}

function FirstSteps({ tenant }: { tenant: string }) {
  const { settings, request } = firstWebhook(tenant, window.location.hostname);

  return (
    <div className={styles.empty}>
      <span className={styles.icon}>
        <Icon name="pulse" size={22} />
      </span>
      <p className={styles.title}>Waiting for the first payment</p>
      <p>Decisions appear here as soon as a gateway reports a payment. To try it now:</p>
      <ol className={styles.steps}>
        <li>
          <p>In the folder where Orylo runs, set the gateway’s secret:</p>
          <CopyableCode name="Command" text={settings} />
        </li>
        <li>
          <p>Send a purchase the way Hotmart does:</p>
          <CopyableCode name="Command" text={request} />
        </li>
      </ol>
    </div>
  );
}
