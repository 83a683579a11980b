import { Link } from "react-router";

import type { PaymentStory } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { Badge } from "../../ui/display/Badge";
import { CopyId } from "../../ui/display/CopyId";
import { formatMoney } from "../../ui/format/money";
import { Section } from "../../ui/panel/Section";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { Partial } from "../../ui/states/Partial";
import { ReasonList } from "../detections/ReasonList";
import { gatewayName } from "../gateways/names";
import { Buyer } from "./Buyer";
import { Facts } from "./Facts";
import { worstConversion } from "./outcome";
import { paymentAddress } from "./PaymentLink";
import { Steps } from "./Steps";
import styles from "./StoryBrief.module.css";
import { outlookText } from "./steps";
import { useStory } from "./useStory";
import { paymentWords } from "./words";

/** How many of the latest steps are shown. */
const LAST = 5;

/** A payment's story in brief: the three facts, why it was decided so, the buyer and the latest steps. */
export function StoryBrief({ paymentId }: { paymentId: string }) {
  const words = useWords(paymentWords);
  const story = useStory(paymentId);
  const failure = useFailure(story);

  if (failure !== null) return <Failed what={words.story} error={failure} retry={() => void story.refetch()} />;
  if (!story.isSuccess) return <Loading what={words.loading} rows={6} />;
  return <Brief story={story.data} retry={() => void story.refetch()} />;
}

function Brief({ story, retry }: { story: PaymentStory; retry: () => void }) {
  const words = useWords(paymentWords);
  const { payment, decisions, conversions, timeline, outlook } = story;
  const decision = decisions.items.find(({ id }) => id === payment.decision?.id);

  return (
    <>
      <div className={styles.head}>
        <p className={styles.amount}>{formatMoney(payment.amount_minor, payment.currency)}</p>
        <p className={styles.source}>
          {gatewayName(payment.gateway)} <CopyId id={payment.id} />
          {(payment.test || !payment.livemode) && <Badge tone="info">{payment.test ? words.test : words.testMode}</Badge>}
        </p>
        <Facts payment={payment} conversion={worstConversion(conversions.items)} />
        {payment.verdict !== null && (
          <p className={styles.verdict}>
            {words.verdicts[payment.verdict.verdict]} {words.by(payment.verdict.actor)}
            {payment.verdict.reason !== null && `: ${payment.verdict.reason}`}
          </p>
        )}
      </div>
      {decisions.status === "failed" && <Partial what={words.story} retry={retry} />}
      {decision !== undefined && <ReasonList detection={decision} />}
      <Section title={words.buyer}>
        {payment.customer_id === null ? <Empty text={words.noBuyer} /> : <Buyer customerId={payment.customer_id} />}
      </Section>
      <Section title={words.lastSteps}>
        {timeline.length === 0 ? <Empty text={words.noSteps} /> : <Steps steps={timeline.slice(-LAST)} />}
        {outlook.map((each) => (
          <p key={`${each.part} ${each.code} ${each.id ?? ""}`} className={styles.open}>
            {words.outlook[each.when]}: {outlookText(words, each)}
          </p>
        ))}
        <p className={styles.whole}>
          <Link to={paymentAddress(payment.id)}>{words.whole}</Link>
        </p>
      </Section>
    </>
  );
}
