import type { Identity } from "../../api/types";

export function identity(changes: Partial<Identity> = {}): Identity {
  return {
    kind: "user",
    id: "0190c5a2-0000-7000-8000-000000000001",
    name: "ana@shop.example",
    role: "owner",
    permissions: ["read"],
    impersonation: null,
    demo: false,
    tenant: { id: "0190c5a2-0000-7000-8000-000000000002", slug: "minha-loja", name: "Minha Loja" },
    ...changes,
  };
}
