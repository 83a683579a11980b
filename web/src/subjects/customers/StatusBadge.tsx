import type { CustomerStatus } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Badge } from "../../ui/display/Badge";
import { formatDateTime } from "../../ui/format/time";
import { customerWords } from "./words";

type Shown = Pick<CustomerStatus, "status"> & { expires_at?: string | null };

/** Whether a buyer is blocked or always allowed, and until when. Nothing for a neutral one. */
export function StatusBadge({ status, expires_at = null }: Shown) {
  const { statuses, statusUntil } = useWords(customerWords);

  if (status === "neutral") return null;
  const text = expires_at === null ? statuses[status] : statusUntil(statuses[status], formatDateTime(expires_at));
  return (
    <Badge tone={status === "blocked" ? "bad" : "good"} icon={status === "blocked" ? "stop" : "shield"}>
      {text}
    </Badge>
  );
}
