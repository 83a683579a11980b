import { useState } from "react";

import { ApiError, type Tagged } from "../../api/client";
import type { GatewayConfiguration } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { changeOf, useSaveGateway } from "../../subjects/gateways/useGateways";
import { Button } from "../../ui/controls/Button";
import { Checkbox } from "../../ui/controls/Checkbox";
import { Field } from "../../ui/controls/Field";
import { Switch } from "../../ui/controls/Switch";
import { Textarea } from "../../ui/controls/Textarea";
import { toast } from "../../ui/feedback/toasts";
import { useProblemText } from "../../ui/problems/problemText";
import { FormError } from "../../ui/states/FormError";
import styles from "./Gateways.module.css";
import { gatewayPageWords } from "./words";

const MODES = ["live", "test"] as const;

/** The settings of a gateway. They are saved only if nobody has changed them since they were read. */
export function SettingsForm({ gateway, configuration }: { gateway: string; configuration: Tagged<GatewayConfiguration> }) {
  const words = useWords(gatewayPageWords);
  const problemText = useProblemText();
  const [draft, setDraft] = useState(changeOf(configuration));
  const [networks, setNetworks] = useState(draft.allowed_networks.join("\n"));
  const save = useSaveGateway(gateway, {
    onSaved: () => {
      toast({ text: words.settings.saved, tone: "good" });
    },
    onError: (error) => {
      // The new state fills another form. What was typed here is not saved.
      if (error instanceof ApiError && error.status === 412) toast({ text: words.settings.conflict, tone: "bad" });
    },
  });
  const zones = Intl.supportedValuesOf("timeZone");

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        const body = { ...draft, allowed_networks: networks.split(/\s+/).filter(Boolean) };
        if (!save.isPending) save.start({ body, etag: configuration.etag });
      }}
    >
      <Switch
        label={words.settings.enabled}
        checked={draft.enabled}
        onChange={(enabled) => {
          setDraft({ ...draft, enabled });
        }}
      />
      <Field label={words.settings.mode}>
        <select
          value={draft.mode}
          onChange={({ target }) => {
            setDraft({ ...draft, mode: target.value === "hmac" ? "hmac" : "native" });
          }}
        >
          <option value="native">{words.settings.modes.native}</option>
          <option value="hmac">{words.settings.modes.hmac}</option>
        </select>
      </Field>
      <fieldset className={styles.choices}>
        <legend>{words.settings.accept}</legend>
        {MODES.map((mode) => (
          <Checkbox
            key={mode}
            label={words.settings.accepts[mode]}
            checked={draft.accept.includes(mode)}
            onChange={(accepted) => {
              setDraft({ ...draft, accept: MODES.filter((each) => (each === mode ? accepted : draft.accept.includes(each))) });
            }}
          />
        ))}
        {draft.accept.length === 0 && <FormError text={words.settings.acceptOne} />}
      </fieldset>
      <div>
        <Field label={words.settings.timezone}>
          <select
            value={draft.timezone ?? ""}
            onChange={({ target }) => {
              setDraft({ ...draft, timezone: target.value || null });
            }}
          >
            <option value="">–</option>
            {[...new Set([...(draft.timezone === null ? [] : [draft.timezone]), "UTC", ...zones])].map((zone) => (
              <option key={zone}>{zone}</option>
            ))}
          </select>
        </Field>
        <p className={styles.hint}>{words.settings.timezoneHint}</p>
      </div>
      <div>
        <Textarea label={words.settings.networks} value={networks} onChange={setNetworks} rows={2} spellCheck={false} />
        <p className={styles.hint}>{words.settings.networksHint}</p>
      </div>
      {save.error !== null && <FormError text={problemText(save.error)} />}
      <Guarded permission="gateways.change">
        <Button type="submit" look="primary" busy={save.isPending} disabled={draft.accept.length === 0}>
          {words.settings.save}
        </Button>
      </Guarded>
    </form>
  );
}
