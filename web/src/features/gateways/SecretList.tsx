import { useState } from "react";

import type { ShownSecret } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { useRetireSecret, useSecrets, useWebhookEvents } from "../../subjects/gateways/useGateways";
import { Button } from "../../ui/controls/Button";
import { Time } from "../../ui/display/Time";
import { toast } from "../../ui/feedback/toasts";
import { Confirm } from "../../ui/panel/Dialog";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import styles from "./Gateways.module.css";
import { RotationGuide } from "./RotationGuide";
import { gatewayPageWords } from "./words";

/** The secrets of a gateway, without their values, and the guide that replaces one without losing a webhook. */
export function SecretList({ gateway }: { gateway: string }) {
  const words = useWords(gatewayPageWords);
  const secrets = useSecrets(gateway);
  const failure = useFailure(secrets);
  const [rotating, setRotating] = useState(false);
  const [retiring, setRetiring] = useState<ShownSecret | undefined>();
  useWebhookEvents(gateway);

  if (secrets.data === undefined && failure !== null) {
    return <Failed what={words.what.secrets} error={failure} retry={() => void secrets.refetch()} />;
  }
  if (secrets.data === undefined) return <Loading what={words.what.secrets} rows={2} />;
  return (
    <>
      <ul className={styles.secrets}>
        {secrets.data.map((secret) => (
          <li key={secret.label}>
            <strong>{secret.label}</strong>
            <span className={styles.faint}>
              {words.secrets.columns.added} <Time iso={secret.created_at} />
            </span>
            <span className={styles.faint}>
              {secret.last_used_at === null ? (
                words.secrets.unused
              ) : (
                <>
                  {words.secrets.columns.used} <Time iso={secret.last_used_at} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
      {rotating || secrets.data.length > 1 ? (
        <RotationGuide
          gateway={gateway}
          secrets={secrets.data}
          onRetire={setRetiring}
          onClose={() => {
            setRotating(false);
          }}
        />
      ) : (
        <Guarded permission="gateways.change">
          <Button
            onClick={() => {
              setRotating(true);
            }}
          >
            {words.secrets.start}
          </Button>
        </Guarded>
      )}
      {retiring !== undefined && (
        <RetireDialog
          gateway={gateway}
          secret={retiring}
          onClose={() => {
            setRetiring(undefined);
            setRotating(false);
          }}
        />
      )}
    </>
  );
}

function RetireDialog({ gateway, secret, onClose }: { gateway: string; secret: ShownSecret; onClose: () => void }) {
  const words = useWords(gatewayPageWords);
  const retire = useRetireSecret(gateway, () => {
    onClose();
    toast({ text: words.secrets.retired, tone: "good" });
  });

  return (
    <Confirm
      title={words.secrets.retireTitle(secret.label)}
      action={words.secrets.retireAction}
      tone="bad"
      busy={retire.isPending}
      error={retire.error}
      onConfirm={() => {
        retire.start(secret.label);
      }}
      onClose={onClose}
    >
      <p>{words.secrets.retireEffect}</p>
    </Confirm>
  );
}
