import type { Conversion } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { ConversionState } from "./ConversionState";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { LOCALE } from "../../ui/format/locale";
import { formatMoment } from "../../ui/format/time";
import { methodInWords } from "../../ui/words";
import styles from "../../ui/panel/Section.module.css";
import { useConversions } from "../detections/useDetails";

const PERCENT = new Intl.NumberFormat(LOCALE, { style: "percent" });

function matchInWords({ method, confidence }: Conversion["match"]): string {
  return method === "none" ? "no click found" : `matched by ${methodInWords(method)} (${PERCENT.format(confidence)})`;
}

export function ConversionList({ paymentId }: { paymentId: string }) {
  const conversions = useConversions(paymentId);
  const failure = useFailure(conversions);

  return (
    <section className={styles.section} aria-labelledby="details-conversions">
      <h3 id="details-conversions">Conversions</h3>
      {body()}
    </section>
  );

  function body() {
    if (failure !== null) {
      return <Failed what="Conversions" error={failure} retry={() => void conversions.refetch()} />;
    }
    if (!conversions.isSuccess) return <Loading what="conversions" rows={1} />;
    if (conversions.data.items.length === 0) return <p className={styles.none}>None for this payment.</p>;
    return (
      <ul className={styles.entries}>
        {conversions.data.items.map((conversion) => (
          <li key={conversion.id} className={styles.detector}>
            <ConversionState conversion={conversion} />
            <span>
              {conversion.attempts} {conversion.attempts === 1 ? "attempt" : "attempts"}
            </span>
            <time dateTime={conversion.updated_at} className={styles.duration}>
              {formatMoment(conversion.updated_at)}
            </time>
            <span className={styles.entryText}>
              {conversion.event_name} · {matchInWords(conversion.match)}
            </span>
            {conversion.reason !== null && (
              <span className={styles.entryText}>
                {conversion.reason}
                {conversion.code !== null && ` (${conversion.code})`}
              </span>
            )}
          </li>
        ))}
      </ul>
    );
  }
}
