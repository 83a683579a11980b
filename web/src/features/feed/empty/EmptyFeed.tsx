import { useState } from "react";

import { Button } from "../../../ui/controls/Button";
import { Icon } from "../../../ui/display/Icon";
import styles from "./EmptyFeed.module.css";
import type { Filters } from "../live/liveState";
import { firstWebhook } from "./firstWebhook";

interface Props {
  tenant: string;
  filters: Filters;
  onFilter: (filters: Partial<Filters>) => void;
}

export function EmptyFeed({ tenant, filters, onFilter }: Props) {
  if (filters.decision !== undefined || filters.gateway !== undefined) {
    return (
      <div className={styles.empty}>
        <p className={styles.title}>Nothing matches this filter yet</p>
        <p>New detections that do will appear here.</p>
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
  return <FirstSteps tenant={tenant} />;
}

function FirstSteps({ tenant }: { tenant: string }) {
  const { settings, request } = firstWebhook(tenant, window.location.hostname);

  return (
    <div className={styles.empty}>
      <span className={styles.mark}>
        <Icon name="pulse" size={22} />
      </span>
      <p className={styles.title}>Waiting for the first payment</p>
      <p>Detections appear here the moment a gateway tells of a payment. Send one yourself:</p>
      <ol className={styles.steps}>
        <li>
          <p>Give the gateway a secret, in the folder where Orylo runs:</p>
          <Command text={settings} />
        </li>
        <li>
          <p>Send a purchase as Hotmart would:</p>
          <Command text={request} />
        </li>
      </ol>
    </div>
  );
}

function Command({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };

  return (
    <div className={styles.command}>
      {/* Scrolls within itself, so that the keyboard must be able to reach it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0} role="region" aria-label="Command">
        {text}
      </pre>
      <Button look="quiet" aria-label={copied ? "Copied" : "Copy the command"} onClick={() => void copy()}>
        <Icon name={copied ? "check" : "copy"} />
      </Button>
    </div>
  );
}
