import type { ListedDestination } from "../../api/types";

export function destination(changes: Partial<ListedDestination> = {}): ListedDestination {
  return {
    id: "0190c5a2-0000-7000-8000-0000000000e1",
    kind: "meta",
    name: "main",
    status: "on_hold",
    since: "2026-11-20T11:55:00.000000Z",
    reason: "The token has expired. Create a new token.",
    code: "190/463",
    token_expires_at: null,
    created_at: "2026-11-01T12:00:00.000000Z",
    ...changes,
  };
}
