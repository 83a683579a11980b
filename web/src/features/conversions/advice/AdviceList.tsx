import { Link } from "react-router";

import { useWords } from "../../../i18n/words";
import { NO_MATCH } from "../../../subjects/conversions/methods";
import { gatewayName } from "../../../subjects/gateways/names";
import type { Range } from "../../../ui/controls/range";
import { formatPercent } from "../../../ui/format/number";
import { conversionsPath } from "../address";
import { dueOf, sum, useGateways, useMethodsOf } from "../figures/useFigures";
import { conversionsWords } from "../words";
import { adviceOf } from "./advice";
import styles from "./AdviceList.module.css";

/** What would raise the match rate, with the gain. Nothing while there is nothing to say. */
export function AdviceList({ range }: { range: Range }) {
  const words = useWords(conversionsWords);
  const { data } = useGateways(range);
  const names = data?.lines.flatMap(({ value }) => (value === null ? [] : [value])) ?? [];
  const methods = useMethodsOf(range, names);

  const matches = names.flatMap((gateway, index) => {
    const split = methods[index]?.data;
    return data === undefined || split === undefined
      ? []
      : [{ gateway, count: sum(dueOf(data, gateway)), none: sum(dueOf(split, NO_MATCH)) }];
  });
  // A gateway that is still loading would change every gain.
  const advice = matches.length < names.length ? [] : adviceOf(matches);
  if (advice.length === 0) return null;
  return (
    <section aria-labelledby="advice" className={styles.advice}>
      <h2 id="advice">{words.adviceTitle}</h2>
      <ul>
        {advice.map(({ gateway, count, none, gain }) => (
          <li key={gateway}>
            <span className={styles.gain}>+{formatPercent(gain)}</span>
            <span>
              {words.advice(gatewayName(gateway), none, count)}{" "}
              <Link to={conversionsPath({ range, gateway, method: NO_MATCH })}>{words.adviceSales}</Link>
              {" · "}
              <Link to="/welcome?step=tracking">{words.adviceLink}</Link>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
