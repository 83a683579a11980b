import { Link } from "react-router";

import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { Glyph } from "../../ui/display/Glyph";
import { abbreviateId } from "../../ui/format/text";
import { Section } from "../../ui/panel/Section";
import { Disclosure } from "../../ui/panel/Disclosure";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import styles from "./CustomerPage.module.css";
import { useLinks } from "./queries";
import { pageWords } from "./words";

/** The cards, devices and addresses of a customer, and the other customers that share them. */
export function KnownBy({ id }: { id: string }) {
  const words = useWords(pageWords).known;
  const links = useLinks(id);
  const failure = useFailure(links);

  return <Section title={words.title}>{body()}</Section>;

  function body() {
    if (failure !== null) return <Failed what={words.the} error={failure} retry={() => void links.refetch()} />;
    if (!links.isSuccess) return <Loading what={words.the} rows={3} />;
    const others = links.data.people.filter((each) => each !== id);
    return (
      <>
        {links.data.links.length === 0 && <Empty text={words.none} />}
        <ul className={styles.links}>
          {links.data.links.map(({ kind, key, label, payments, shared_with }) => (
            <li key={`${kind} ${key}`}>
              <span>
                {words.kinds[kind] ?? kind} {label}
              </span>
              <span className={styles.soft}>{words.payments(payments)}</span>
              {shared_with.length > 0 && (
                <Disclosure title={words.shared(shared_with.length)}>
                  <People ids={shared_with.map(({ customer_id }) => customer_id)} />
                </Disclosure>
              )}
            </li>
          ))}
        </ul>
        {others.length > 0 && (
          <>
            <p>{words.people}</p>
            <People ids={others} />
          </>
        )}
      </>
    );
  }
}

function People({ ids }: { ids: readonly string[] }) {
  return (
    <ul className={styles.people}>
      {ids.map((id) => (
        <li key={id}>
          <Glyph id={id} />
          <Link to={`/customers/${encodeURIComponent(id)}`}>{abbreviateId(id)}</Link>
        </li>
      ))}
    </ul>
  );
}
