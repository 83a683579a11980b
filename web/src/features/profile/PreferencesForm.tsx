import { type ReactNode, type SubmitEvent, useId, useState } from "react";

import type { Preferences, PreferencesBody } from "../../api/types";
import { LANGUAGE_NAMES, LANGUAGES } from "../../i18n/language";
import { useWords } from "../../i18n/words";
import { Button } from "../../ui/controls/Button";
import { Field } from "../../ui/controls/Field";
import { Segmented } from "../../ui/controls/Segmented";
import { Switch } from "../../ui/controls/Switch";
import { chosenOf, isChanged, timezones } from "./choices";
import styles from "./ProfilePage.module.css";
import { profileWords } from "./words";

interface Props {
  preferences: Preferences;
  busy: boolean;
  onSave: (chosen: PreferencesBody) => void;
}

export function PreferencesForm({ preferences, busy, onSave }: Props) {
  const words = useWords(profileWords);
  const [chosen, setChosen] = useState(() => chosenOf(preferences));
  const { effective } = preferences;
  const shopLanguage = preferences.language === null ? words.shopLanguage(LANGUAGE_NAMES[effective.language]) : words.shopDefault;
  const shopTimezone = preferences.timezone === null ? words.shopTimezone(effective.timezone) : words.shopDefault;
  const set = (change: Partial<PreferencesBody>) => {
    setChosen({ ...chosen, ...change });
  };
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    onSave(chosen);
  };

  return (
    <form className={styles.form} onSubmit={submit} aria-label={words.title}>
      <Help text={words.nameHelp}>
        {(helpId) => (
          <Field label={words.name}>
            <input
              autoComplete="name"
              maxLength={100}
              aria-describedby={helpId}
              value={chosen.name ?? ""}
              onChange={({ target }) => {
                set({ name: target.value === "" ? null : target.value });
              }}
            />
          </Field>
        )}
      </Help>
      <Field label={words.language}>
        <select
          value={chosen.language ?? ""}
          onChange={({ target }) => {
            set({ language: LANGUAGES.find((each) => each === target.value) ?? null });
          }}
        >
          <option value="">{shopLanguage}</option>
          {LANGUAGES.map((each) => (
            <option key={each} value={each} lang={each}>
              {LANGUAGE_NAMES[each]}
            </option>
          ))}
        </select>
      </Field>
      <Help text={words.timezoneHelp}>
        {(helpId) => (
          <Field label={words.timezone}>
            <select
              aria-describedby={helpId}
              value={chosen.timezone ?? ""}
              onChange={({ target }) => {
                set({ timezone: target.value || null });
              }}
            >
              <option value="">{shopTimezone}</option>
              {timezones(chosen.timezone).map((zone) => (
                <option key={zone} value={zone}>
                  {zone.replaceAll("_", " ")}
                </option>
              ))}
            </select>
          </Field>
        )}
      </Help>
      <div className={styles.choice}>
        <span aria-hidden="true" className={styles.label}>
          {words.theme}
        </span>
        <Segmented
          label={words.theme}
          options={words.themes}
          value={chosen.theme}
          onChange={(theme) => {
            set({ theme });
          }}
        />
      </div>
      <Help text={words.keyHintsHelp}>
        {() => (
          <Switch
            label={words.keyHints}
            checked={chosen.key_hints}
            onChange={(key_hints) => {
              set({ key_hints });
            }}
          />
        )}
      </Help>
      <div className={styles.actions}>
        <Button look="primary" type="submit" busy={busy} disabled={!isChanged(preferences, chosen)}>
          {words.save}
        </Button>
        {isChanged(preferences, chosen) && (
          <Button
            look="quiet"
            onClick={() => {
              setChosen(chosenOf(preferences));
            }}
          >
            {words.discard}
          </Button>
        )}
      </div>
    </form>
  );
}

/** A field with a line that explains it. */
function Help({ text, children }: { text: string; children: (helpId: string) => ReactNode }) {
  const helpId = useId();

  return (
    <div className={styles.helped}>
      {children(helpId)}
      <p id={helpId} className={styles.help}>
        {text}
      </p>
    </div>
  );
}
