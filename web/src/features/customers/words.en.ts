import { plural } from "../../i18n/plural";
import { formatCount } from "../../ui/format/number";

export const words = {
  title: "Customers",
  the: "the customers",
  lookup: {
    label: "Find a customer",
    kind: "By",
    kinds: { email: "Email", phone: "Phone", document: "Document", order_id: "Order", customer_id: "Customer ID" },
    text: "Value",
    hint: "It is hashed for the comparison and not kept. Your search is in the audit log without the value.",
    find: "Find",
    the: "the search",
    found: (count: number) => `${formatCount(count)} ${plural(count, "customer", "customers")} found`,
    none: (shop: string) => `No customer of ${shop} has it`,
    noneText: "It was compared after the usual corrections, such as lower case and no blanks. Try the order number.",
    back: "Show all customers",
  },
  filters: {
    label: "Filters",
    status: "Status",
    anyStatus: "Any status",
    trust: "Trust",
    anyTrust: "Any trust",
    trustTo: (score: number) => `Trust ${formatCount(score)} or less`,
    seen: "Last seen",
    anySeen: "Seen at any time",
  },
  table: { label: "Customers", customer: "Customer", trust: "Trust", status: "Status", payments: "Payments", disputes: "Disputes", seen: "Last seen" },
  payments: (count: number) => `${formatCount(count)} ${plural(count, "payment", "payments")}`,
  empty: { title: "No customers yet", text: "A customer appears here with their first payment.", action: "Connect a gateway" },
};
