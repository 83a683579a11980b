import { Link, useParams } from "react-router";

import { ApiError } from "../../api/client";
import type { PaymentStory } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { DetectorList } from "../../subjects/detections/DetectorList";
import { ReasonList } from "../../subjects/detections/ReasonList";
import { gatewayName } from "../../subjects/gateways/names";
import { Buyer } from "../../subjects/payments/Buyer";
import { Facts } from "../../subjects/payments/Facts";
import { worstConversion } from "../../subjects/payments/outcome";
import { useStory } from "../../subjects/payments/useStory";
import { paymentWords } from "../../subjects/payments/words";
import { Badge } from "../../ui/display/Badge";
import { CopyId } from "../../ui/display/CopyId";
import { Icon } from "../../ui/display/Icon";
import { formatMoney } from "../../ui/format/money";
import { Disclosure } from "../../ui/panel/Disclosure";
import { Section } from "../../ui/panel/Section";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { Actions } from "./actions/Actions";
import { Notes } from "./notes/Notes";
import styles from "./PaymentPage.module.css";
import { Related } from "./Related";
import { Technical } from "./Technical";
import { Thresholds } from "./Thresholds";
import { Timeline } from "./timeline/Timeline";
import { paymentPageWords } from "./words";

export default function PaymentPage() {
  const { id = "" } = useParams();
  const words = useWords(paymentWords);
  const { back } = useWords(paymentPageWords);
  const story = useStory(id);
  const failure = useFailure(story);
  const isUnknown = failure instanceof ApiError && failure.status === 404;

  return (
    <div className={styles.page}>
      <Link to="/payments" className={styles.back}>
        <Icon name="arrowLeft" />
        {back}
      </Link>
      {body()}
    </div>
  );

  function body() {
    if (failure !== null) {
      const retry = isUnknown ? {} : { retry: () => void story.refetch() };
      return <Failed what={words.story} error={failure} {...retry} />;
    }
    if (!story.isSuccess) return <Loading what={words.loading} rows={10} />;
    return <Story key={id} story={story.data} retry={() => void story.refetch()} />;
  }
}

function Story({ story, retry }: { story: PaymentStory; retry: () => void }) {
  const words = useWords(paymentPageWords);
  const texts = useWords(paymentWords);
  const { payment, decisions, conversions } = story;
  const decision = decisions.items.find(({ id }) => id === payment.decision?.id);

  return (
    <>
      <header className={styles.head}>
        <h1 className={styles.title}>{formatMoney(payment.amount_minor, payment.currency)}</h1>
        <span className={styles.source}>
          {gatewayName(payment.gateway)} <CopyId id={payment.id} />
          {(payment.test || !payment.livemode) && <Badge tone="info">{payment.test ? texts.test : texts.testMode}</Badge>}
        </span>
        <Facts payment={payment} conversion={worstConversion(conversions.items)} />
        {payment.verdict !== null && (
          <p className={styles.verdict}>
            {texts.verdicts[payment.verdict.verdict]} {texts.by(payment.verdict.actor)}
            {payment.verdict.reason !== null && `: ${payment.verdict.reason}`}
          </p>
        )}
      </header>
      <Actions story={story} decision={decision} />
      <div className={styles.columns}>
        <section aria-label={words.timeline} className={styles.card}>
          <Timeline story={story} retry={retry} />
        </section>
        <div className={styles.side}>
          {decision !== undefined && (
            <div className={styles.card}>
              <ReasonList detection={decision} />
              <Thresholds />
              <div className={styles.folded}>
                <Disclosure title={words.detectors}>
                  <DetectorList detection={decision} />
                </Disclosure>
              </div>
            </div>
          )}
          <div className={styles.card}>
            <Section title={words.buyer}>
              {payment.customer_id === null ? <Empty text={texts.noBuyer} /> : <Buyer customerId={payment.customer_id} />}
            </Section>
            <Related paymentId={payment.id} />
          </div>
          <div id="notes" className={styles.card}>
            <Notes paymentId={payment.id} />
          </div>
          <div className={styles.card}>
            <Technical payment={payment} />
          </div>
        </div>
      </div>
    </>
  );
}
