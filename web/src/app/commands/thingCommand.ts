import type { SearchHit } from "../../api/types";
import type { IconName } from "../../ui/display/Icon";
import { formatMoney } from "../../ui/format/money";
import { abbreviateId } from "../../ui/format/text";
import type { Words } from "../words";
import type { Command } from "./commands";

const ICONS: Readonly<Record<SearchHit["kind"], IconName>> = {
  payment: "list",
  customer: "person",
  decision: "shield",
  conversion: "send",
};

/** A thing that the search found, as a line of the menu that opens its page. */
export function thingCommand(words: Words["commands"], hit: SearchHit, open: (path: string) => void): Command {
  return {
    id: `${hit.kind} ${hit.id}`,
    group: "things",
    label: `${words[hit.kind]} ${abbreviateId(hit.id)}`,
    detail: detailOf(words, hit),
    icon: ICONS[hit.kind],
    run: () => {
      open(hit.path);
    },
  };
}

function detailOf(words: Words["commands"], hit: SearchHit): string {
  switch (hit.kind) {
    case "payment": {
      const money = formatMoney(hit.amount_minor, hit.currency);
      return hit.order_id === null ? money : `${money} · ${words.order(hit.order_id)}`;
    }
    case "customer":
      return words.trust(hit.trust_score);
    case "decision":
      return `${words.risk(hit.risk_score)} · ${abbreviateId(hit.payment_id)}`;
    case "conversion":
      return `${hit.destination} · ${abbreviateId(hit.payment_id)}`;
  }
}
