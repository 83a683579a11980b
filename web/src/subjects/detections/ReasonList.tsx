import type { Detection } from "../../api/types";
import { Section } from "../../ui/panel/Section";
import { Empty } from "../../ui/states/Empty";
import { decidedBy, formatPoints, overrideLabel, reasonLabel } from "./labels";
import styles from "./ReasonList.module.css";

/** The reasons of a decision with their points, which add up to the risk. Earlier decisions have reasons without points. */
export function ReasonList({ detection: { reasons, points, override, rules, risk_score } }: { detection: Detection }) {
  const shown = points.length > 0 ? points : reasons.map((reason) => ({ reason, points: null, figures: null }));

  return (
    <Section title="Reasons">
      {override !== null && (
        <p className={styles.override}>
          <strong>{overrideLabel(override)}</strong>: {decidedBy(override)}.
        </p>
      )}
      {shown.length === 0 && <Empty text="No detector found anything suspicious." />}
      {shown.length > 0 && (
        <table className={styles.reasons}>
          <thead className="visually-hidden">
            <tr>
              <th>Reason</th>
              <th>Points</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((each) => (
              <tr key={each.reason} title={each.reason}>
                <td>{reasonLabel(each.reason, rules, each.figures)}</td>
                <td>{each.points !== null && formatPoints(each.points)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Risk</th>
              <td>{risk_score}</td>
            </tr>
          </tfoot>
        </table>
      )}
    </Section>
  );
}
