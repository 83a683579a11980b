import { useState } from "react";

import { useWords } from "../../../i18n/words";
import { useRefusal } from "../../../session/permissions";
import { Button } from "../../../ui/controls/Button";
import { Checkbox } from "../../../ui/controls/Checkbox";
import { Field } from "../../../ui/controls/Field";
import { Menu } from "../../../ui/controls/Menu";
import { Tabs } from "../../../ui/controls/Tabs";
import { Icon } from "../../../ui/display/Icon";
import { Confirm } from "../../../ui/panel/Dialog";
import { type Filters, hasFilters } from "../filters";
import { paymentsWords } from "../words";
import styles from "./ViewBar.module.css";
import { savedQuery, useDeleteView, useSaveView, useViews, viewAddress } from "./useViews";

/** The views as tabs, and what saves and deletes them. */
export function ViewBar({ filters }: { filters: Filters }) {
  const { views: words } = useWords(paymentsWords);
  const views = useViews().data?.items ?? [];
  const own = views.filter(({ delivered }) => !delivered);
  const deletion = useDeleteView();
  const cannotShare = useRefusal("views.share");
  const [saving, setSaving] = useState(false);

  return (
    <div className={styles.bar}>
      <Tabs
        label={words.label}
        items={views.map((view) => ({
          to: viewAddress(view),
          label: view.delivered ? (words.delivered[view.name] ?? view.name) : view.name,
        }))}
      />
      {hasFilters(filters) && (
        <Button
          look="quiet"
          onClick={() => {
            setSaving(true);
          }}
        >
          <Icon name="plus" />
          {words.save}
        </Button>
      )}
      {own.length > 0 && (
        <Menu
          label={words.manage}
          items={own.map((view) => ({
            label: words.remove(view.name),
            icon: "close",
            disabled: view.shared ? cannotShare : undefined,
            onSelect: () => {
              deletion.start(view);
            },
          }))}
        />
      )}
      {saving && (
        <SaveView
          filters={filters}
          mayShare={cannotShare === undefined}
          onClose={() => {
            setSaving(false);
          }}
        />
      )}
    </div>
  );
}

function SaveView({ filters, mayShare, onClose }: { filters: Filters; mayShare: boolean; onClose: () => void }) {
  const { views: words } = useWords(paymentsWords);
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const save = useSaveView(onClose);

  return (
    <Confirm
      title={words.title}
      action={words.save}
      busy={save.isPending}
      error={save.error}
      onClose={onClose}
      onConfirm={() => {
        if (name.trim() !== "") save.start({ name: name.trim(), shared, query: savedQuery(filters) });
      }}
    >
      <Field label={words.name}>
        <input
          value={name}
          required
          maxLength={80}
          autoComplete="off"
          onChange={({ target }) => {
            setName(target.value);
          }}
        />
      </Field>
      {mayShare && <Checkbox label={words.shared} checked={shared} onChange={setShared} />}
    </Confirm>
  );
}
