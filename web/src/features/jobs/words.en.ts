export const words = {
  title: "Jobs",
  lead: "Work that takes longer than a moment: exports, replays of many, backtests. Jobs are kept for 90 days.",
  what: "the jobs",
  empty: { title: "No jobs yet", text: "A job appears here when someone exports a list, replays many items or starts a backtest." },
};
