import { plural } from "../../i18n/plural";
import { formatCount } from "../../ui/format/number";

export const words = {
  title: "Review",
  the: "the queue",
  counts: (open: number, mine: number, snoozed: number) =>
    `${formatCount(open)} to review · ${formatCount(mine)} mine · ${formatCount(snoozed)} put off`,
  today: (decided: number, frauds: number) => `${formatCount(decided)} decided today, ${formatCount(frauds)} of them fraud`,
  median: (seconds: number) => `half of them within ${formatCount(Math.round(seconds))} s`,
  oldest: "oldest",
  show: { label: "Cases", all: "All", mine: "Mine", snoozed: "Put off" },
  sort: { label: "Order", money: "Money at risk", risk: "Risk", age: "Oldest first" },
  queue: "Queue",
  case: "Case",
  heldBy: (name: string) => `${name} is looking at it`,
  risk: (risk: number) => `risk ${formatCount(risk)}`,
  legitimate: "Legitimate",
  fraud: "Fraud",
  later: "Later",
  laterFor: { hour: "In 1 hour", tomorrow: "Tomorrow", week: "In a week" },
  block: "Fraud also blocks the buyer for 30 days",
  next: "Next case",
  previous: "Previous case",
  back: "Queue",
  done: { fraud: "Judged as fraud. The conversion is corrected.", legitimate: "Judged as legitimate." },
  blocked: "The buyer is blocked for 30 days.",
  putOff: (time: string) => `Put off until ${time}.`,
  undone: "Decision undone. The case is back.",
  refused: (reason: string) => `Not done: ${reason}`,
  empty: {
    title: "Nothing to review",
    text: (decided: number, frauds: number) =>
      `${formatCount(decided)} ${plural(decided, "case", "cases")} decided today; ${formatCount(frauds)} ${plural(frauds, "was", "were")} fraud.`,
  },
  emptyFiltered: { title: "No case here", text: "Choose “All” to see the whole queue." },
};
