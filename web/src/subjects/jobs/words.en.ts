import type { Job } from "../../api/types";
import { plural } from "../../i18n/plural";
import { formatCount } from "../../ui/format/number";

const kinds: Record<string, string> = {
  "dead_letters.bulk": "Dead letters",
  "quarantine.bulk": "Quarantine",
  backtest: "Backtest",
  "payments.export": "Export of payments",
  "customers.export": "Export of customers",
  "conversions.export": "Export of conversions",
  "audit_log.export": "Export of the audit log",
  "read_models.rebuild": "Rebuild",
  "customer.erase": "Erasure of a person",
};

const counts: Record<string, (count: number) => string> = {
  replayed: (count) => `${formatCount(count)} replayed`,
  discarded: (count) => `${formatCount(count)} discarded`,
  skipped: (count) => `${formatCount(count)} settled by others meanwhile`,
  failed_again: (count) => `${formatCount(count)} failed again`,
  webhooks_read: (count) => `${formatCount(count)} ${plural(count, "webhook", "webhooks")} read again`,
  days_summed: (count) => `${formatCount(count)} ${plural(count, "day", "days")} summed again`,
};

const states: Record<Job["state"], string> = {
  queued: "Waiting to start",
  running: "Running",
  done: "Done",
  failed: "Failed",
  canceled: "Stopped",
};

export const words = {
  kinds,
  counts,
  states,
  what: "the job's progress",
  progress: "Progress",
  startedBy: (who: string) => `started by ${who}`,
  stop: "Stop",
  download: "Download",
  stopping: "Stopping after the present step…",
  failedAgain: (count: number) =>
    `${formatCount(count)} ${plural(count, "item", "items")} failed again and returned to the list, under the new cause.`,
  gone: "This job and its result are no longer kept.",
};
