import type { Detection } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Section } from "../../ui/panel/Section";
import { Empty } from "../../ui/states/Empty";
import { decidedBy, formatPoints, outcomeWithout, overrideLabel, reasonLabel } from "./labels";
import styles from "./ReasonList.module.css";
import { detectionWords } from "./words";

/** The reasons of a decision with their points, which add up to the risk. Earlier decisions have reasons without points. */
export function ReasonList({ detection }: { detection: Detection }) {
  const { reasons, points, override, rules, risk_score } = detection;
  const words = useWords(detectionWords);
  const shown = points.length > 0 ? points : reasons.map((reason) => ({ reason, points: null, figures: null }));
  const withouts = detection.detectors.flatMap((detector) => outcomeWithout(words, detector) ?? []);

  return (
    <Section title={words.why(risk_score)}>
      {override !== null && (
        <p className={styles.override}>
          <strong>{overrideLabel(words, override)}</strong>: {decidedBy(words, override)}.
        </p>
      )}
      {shown.length === 0 && <Empty text={words.nothingSuspicious} />}
      {shown.length > 0 && (
        <table className={styles.reasons}>
          <thead className="visually-hidden">
            <tr>
              <th>{words.reason}</th>
              <th>{words.points}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((each) => (
              <tr key={each.reason} title={each.reason}>
                <td>{reasonLabel(words, each.reason, rules, each.figures)}</td>
                <td>{each.points !== null && formatPoints(each.points)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{words.risk}</th>
              <td>{risk_score}</td>
            </tr>
          </tfoot>
        </table>
      )}
      {withouts.length > 0 && (
        <ul className={styles.withouts}>
          {withouts.map((without) => (
            <li key={without}>{without}</li>
          ))}
        </ul>
      )}
    </Section>
  );
}
