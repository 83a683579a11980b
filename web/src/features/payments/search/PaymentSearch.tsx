import { useState } from "react";

import { useWords } from "../../../i18n/words";
import { SearchField } from "../../../ui/controls/SearchField";
import { type Person, searchable } from "../filters";
import { paymentsWords } from "../words";
import styles from "./PaymentSearch.module.css";

const KINDS = ["q", "email", "phone", "document"] as const;
type Kind = (typeof KINDS)[number];

interface Props {
  q: string | undefined;
  person: Person | null;
  onText: (q: string | undefined) => void;
  onPerson: (person: Person | null) => void;
}

/** Search by what a payment is named, or by its buyer's email, phone or document, which never get into the address. */
export function PaymentSearch({ q, person, onText, onPerson }: Props) {
  const { search: words } = useWords(paymentsWords);
  const [kind, setKind] = useState<Kind>(person?.kind ?? "q");
  const [text, setText] = useState(person?.value ?? q ?? "");
  const [hint, setHint] = useState<string | null>(null);

  function submit(value: string) {
    const given = value.trim();
    setHint(null);
    if (given === "") {
      onPerson(null);
      if (q !== undefined) onText(undefined);
    } else if (kind !== "q") {
      onPerson({ kind, value: given });
    } else if (searchable(given) !== undefined) {
      onText(given);
    } else {
      setHint(given.includes("@") ? words.noEmail : words.tooShort);
    }
  }

  return (
    <div className={styles.search}>
      <select
        aria-label={words.by}
        className={styles.kind}
        value={kind}
        onChange={({ target }) => {
          setKind(target.value as Kind);
          setText("");
          setHint(null);
          onPerson(null);
        }}
      >
        {KINDS.map((each) => (
          <option key={each} value={each}>
            {words.kinds[each]}
          </option>
        ))}
      </select>
      <SearchField
        label={words.field}
        value={text}
        onChange={(value) => {
          setText(value);
          if (value === "") submit("");
        }}
        onSubmit={() => {
          submit(text);
        }}
      />
      <p role="status" className={styles.hint}>
        {hint ?? (kind === "q" ? null : words.private)}
      </p>
    </div>
  );
}
