import type { ShownSecret } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { freeLabel, SecretForm } from "../../subjects/gateways/SecretForm";
import { useAddSecret } from "../../subjects/gateways/useGateways";
import { gatewayWords } from "../../subjects/gateways/words";
import { Button } from "../../ui/controls/Button";
import { Icon } from "../../ui/display/Icon";
import { toast } from "../../ui/feedback/toasts";
import styles from "./Gateways.module.css";
import { gatewayPageWords } from "./words";

interface Props {
  gateway: string;
  /** Newest first. */
  secrets: readonly ShownSecret[];
  onRetire: (secret: ShownSecret) => void;
  onClose: () => void;
}

/** Replace a secret: add the new one, change it at the gateway, watch it being used, retire the old one. */
export function RotationGuide({ gateway, secrets, onRetire, onClose }: Props) {
  const words = useWords(gatewayPageWords);
  const { steps } = words.secrets;
  const guide = useWords(gatewayWords).guides[gateway];
  const add = useAddSecret(gateway, () => {
    toast({ text: words.secrets.added, tone: "good" });
  });
  const [newest, ...older] = secrets;
  const hasSecond = older.length > 0;
  const isUsed = hasSecond && newest?.last_used_at != null;

  return (
    <div className={styles.rotation}>
      <h4>{words.secrets.rotate}</h4>
      <p className={styles.faint}>{words.secrets.rotateLead}</p>
      <ol>
        <Step done={hasSecond} current={!hasSecond}>
          <p>{steps.add}</p>
          {!hasSecond && (
            <Guarded permission="gateways.change">
              <SecretForm
                name={guide?.secret ?? words.sections.secrets}
                label={freeLabel(secrets.map(({ label }) => label))}
                busy={add.isPending}
                error={add.error}
                onSave={add.start}
              />
            </Guarded>
          )}
        </Step>
        <Step done={isUsed} current={hasSecond && !isUsed}>
          <p>{steps.change(guide?.whereSecret ?? "")}</p>
        </Step>
        <Step done={isUsed} current={hasSecond && !isUsed}>
          <p role="status">{isUsed ? steps.seen : hasSecond ? steps.watching : steps.watch}</p>
        </Step>
        <Step done={false} current={isUsed}>
          <p>{steps.retire}</p>
          {isUsed && (
            <Guarded permission="gateways.change">
              {older.map((secret) => (
                <Button
                  key={secret.label}
                  onClick={() => {
                    onRetire(secret);
                  }}
                >
                  {secret.label}: {words.secrets.retire}
                </Button>
              ))}
            </Guarded>
          )}
        </Step>
      </ol>
      {!hasSecond && (
        <Button look="quiet" onClick={onClose}>
          {words.secrets.cancel}
        </Button>
      )}
    </div>
  );
}

function Step({ done, current, children }: { done: boolean; current: boolean; children: React.ReactNode }) {
  return (
    <li data-done={done || undefined} aria-current={current ? "step" : undefined}>
      <Icon name={done ? "check" : "chevron"} />
      <div>{children}</div>
    </li>
  );
}
