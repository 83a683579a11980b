import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { Time } from "../../ui/display/Time";
import { Section } from "../../ui/panel/Section";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import styles from "./CustomerPage.module.css";
import { useNotes } from "./queries";
import { pageWords } from "./words";

/** What people wrote about a customer, newest first. */
export function Notes({ id }: { id: string }) {
  const words = useWords(pageWords).notes;
  const notes = useNotes(id);
  const failure = useFailure(notes);

  return <Section title={words.title}>{body()}</Section>;

  function body() {
    if (failure !== null) return <Failed what={words.the} error={failure} retry={() => void notes.refetch()} />;
    if (!notes.isSuccess) return <Loading what={words.the} rows={1} />;
    if (notes.data.items.length === 0) return <Empty text={words.none} />;
    return (
      <ol className={styles.notes}>
        {notes.data.items.map(({ id: noteId, text, author, created_at }) => (
          <li key={noteId}>
            <p>{text}</p>
            <p className={styles.soft}>
              {author} · <Time iso={created_at} />
            </p>
          </li>
        ))}
      </ol>
    );
  }
}
