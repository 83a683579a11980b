import { type SubmitEvent, useState } from "react";

import { useWords } from "../../i18n/words";
import { Button } from "../../ui/controls/Button";
import { Select } from "../../ui/controls/Select";
import styles from "./CustomersPage.module.css";
import type { LookupKind } from "./useCustomers";
import { pageWords } from "./words";

interface Props {
  busy: boolean;
  onFind: (kind: LookupKind, text: string) => void;
}

/** What a pasted text probably is. People can choose otherwise. */
function kindOf(text: string): LookupKind | undefined {
  if (text.includes("@")) return "email";
  if (text.startsWith("cus_")) return "customer_id";
  return /^\+\d[\d ()-]{6,}$/.test(text) ? "phone" : undefined;
}

/** The search for a customer by something that only they have. */
export function Lookup({ busy, onFind }: Props) {
  const words = useWords(pageWords).lookup;
  const [kind, setKind] = useState<LookupKind>("email");
  const [text, setText] = useState("");

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (text.trim() !== "") onFind(kind, text.trim());
  };
  return (
    <form role="search" aria-label={words.label} className={styles.lookup} onSubmit={submit}>
      <Select
        label={words.kind}
        options={words.kinds}
        value={kind}
        onChange={(next) => {
          setKind((next ?? "email") as LookupKind);
        }}
      />
      <input
        type="search"
        aria-label={words.text}
        placeholder={words.kinds[kind]}
        aria-describedby="lookup-hint"
        value={text}
        maxLength={254}
        required
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => {
          setText(target.value);
          setKind(kindOf(target.value.trim()) ?? kind);
        }}
      />
      <Button type="submit" look="primary" busy={busy}>
        {words.find}
      </Button>
      <p id="lookup-hint">{words.hint}</p>
    </form>
  );
}
