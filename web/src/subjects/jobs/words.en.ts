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
  expired: "The file is no longer kept.",
  stopping: "Stopping after the present step…",
  failedAgain: (count: number) =>
    `${formatCount(count)} ${plural(count, "item", "items")} failed again and returned to the list, under the new cause.`,
  close: "Close",
  exports: {
    button: "Export…",
    action: "Export",
    subjects: {
      payments: {
        title: "Export payments",
        all: "The file gets all payments.",
        filtered: (filters: string) => `The file gets the payments that match: ${filters}.`,
      },
      customers: {
        title: "Export customers",
        all: "The file gets all customers.",
        filtered: (filters: string) => `The file gets the customers that match: ${filters}.`,
      },
      conversions: {
        title: "Export conversions",
        all: "The file gets all conversions.",
        filtered: (filters: string) => `The file gets the conversions that match: ${filters}.`,
      },
    },
    format: "Format",
    formats: { csv: "CSV", ndjson: "JSON lines" },
    about: {
      csv: "For spreadsheets: one row each. Amounts are in cents, or the currency’s smallest unit.",
      ndjson: "For programs: one JSON object per line, as the API returns it.",
    },
    kept: "A job writes the file, the newest first. You can leave the page meanwhile: “Jobs” in your menu lists it. The file is kept for 7 days.",
  },
  gone: "This job and its result are no longer kept.",
};
