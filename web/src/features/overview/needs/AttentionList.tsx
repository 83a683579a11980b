import type { AttentionItem } from "../../../api/types";
import { useFailure } from "../../../api/useFailure";
import { useWords } from "../../../i18n/words";
import { gatewayName, isGateway } from "../../../subjects/gateways/names";
import { LinkButton } from "../../../ui/controls/Button";
import { Icon, type IconName } from "../../../ui/display/Icon";
import { Time } from "../../../ui/display/Time";
import { formatMoney } from "../../../ui/format/money";
import { Empty } from "../../../ui/states/Empty";
import { Failed } from "../../../ui/states/Failed";
import { Loading } from "../../../ui/states/Loading";
import { overviewWords } from "../words";
import styles from "./AttentionList.module.css";
import { useAttention } from "./useAttention";

const URGENT = new Set<AttentionItem["code"]>(["fuse_tripped", "failed_money", "destination_on_hold", "dead_letters"]);

/** What a person must do, the most urgent first, each with the page where to do it. */
export function AttentionList() {
  const words = useWords(overviewWords);
  const attention = useAttention();
  const failure = useFailure(attention);

  function body() {
    if (failure !== null) return <Failed what={words.theList} error={failure} retry={() => void attention.refetch()} />;
    if (!attention.isSuccess) return <Loading what={words.theList} rows={3} />;
    if (attention.data.items.length === 0) return <Nothing text={words.nothing} />;
    return (
      <ul>
        {attention.data.items.map((item) => (
          <Item key={`${item.code} ${item.subject ?? ""} ${item.reason ?? ""}`} item={item} />
        ))}
      </ul>
    );
  }

  return (
    <section aria-labelledby="needs" className={styles.needs}>
      <h2 id="needs">{words.needs}</h2>
      {body()}
    </section>
  );
}

function Item({ item: { code, count, amounts, since, subject, link } }: { item: AttentionItem }) {
  const words = useWords(overviewWords);
  const isUrgent = URGENT.has(code);
  const icon: IconName = isUrgent ? "alert" : "flag";

  return (
    <li className={styles.item} data-urgent={isUrgent || undefined}>
      <Icon name={icon} size={15} />
      <div className={styles.text}>
        <p>{words.attention[code](count, nameOf(subject))}</p>
        <p className={styles.detail}>
          {amounts.map(({ currency, amount_minor }) => formatMoney(amount_minor, currency)).join(" · ")}
          {amounts.length > 0 && since !== null && " · "}
          {since !== null && (
            <>
              {words.since} <Time iso={since} />
            </>
          )}
        </p>
      </div>
      <LinkButton to={link}>{words.actions[code]}</LinkButton>
    </li>
  );
}

function Nothing({ text }: { text: string }) {
  return (
    <div className={styles.nothing}>
      <Icon name="check" size={15} />
      <Empty text={text} />
    </div>
  );
}

/** A gateway by its name; a destination is named as it is. */
const nameOf = (subject: string | null): string => (subject !== null && isGateway(subject) ? gatewayName(subject) : (subject ?? ""));
