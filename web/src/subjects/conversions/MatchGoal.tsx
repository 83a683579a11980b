import { useWords } from "../../i18n/words";
import { formatPercent } from "../../ui/format/number";
import { useSetting } from "../settings/useSetting";
import { conversionWords } from "./words";

/** The match rate that the shop wants to reach. */
export function MatchGoal() {
  const words = useWords(conversionWords);
  const goal = useSetting("shop", "match_rate_goal");

  return typeof goal === "number" && <span>{words.goal(formatPercent(goal))}</span>;
}
