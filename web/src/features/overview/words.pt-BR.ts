import { plural } from "../../i18n/plural";
import { formatCount } from "../../ui/format/number";
import type { Words } from "./words";

const payments = (count: number) => `${formatCount(count)} ${plural(count, "pagamento", "pagamentos")}`;

export const words: Words = {
  title: "Visão geral",
  theOverview: "a visão geral",
  compare: {
    previous_day: "Comparar com o dia anterior",
    previous_period: "Comparar com o período anterior",
    previous_week: "Comparar com a semana anterior",
  },
  asOf: "atualizado",
  grown: (ratio) => `${ratio} a mais que antes`,
  shrunk: (ratio) => `${ratio} a menos que antes`,
  points: (count) => `${count} p.p.`,
  more: (count) => `e mais ${count}`,
  sales: "Vendas",
  salesCount: (count) => `${formatCount(count)} ${plural(count, "venda", "vendas")}`,
  reached: "Chegaram à Meta",
  reachedOf: (dispatched, due) => `${dispatched} de ${due}`,
  waiting: (count) => `${formatCount(count)} aguardando`,
  failed: (count) => `${formatCount(count)} com falha`,
  kept: (count) => `${formatCount(count)} não ${plural(count, "enviada", "enviadas")} à Meta`,
  payments,
  stopped: "Fraude impedida",
  ofPayments: (share) => `${share} de todos os pagamentos`,
  falseAlarms: (count) => `${formatCount(count)} ${plural(count, "alarme falso", "alarmes falsos")}`,
  whatCounts: "O que conta",
  whatCountsText:
    "Fraude cujo dinheiro nenhum fraudador manteve: pagamentos recusados, cancelados, reembolsados ou impedidos no processador de pagamentos. Um pagamento bloqueado que foi pago e não reembolsado não conta.",
  by: {
    declined: (count) => `${payments(count)} ${plural(count, "recusado", "recusados")}`,
    canceled: (count) => `${payments(count)} ${plural(count, "cancelado", "cancelados")}`,
    refunded: (count) => `${payments(count)} ${plural(count, "reembolsado", "reembolsados")}`,
    at_provider: (count) => `${payments(count)} ${plural(count, "impedido", "impedidos")} no processador`,
  },
  match: "Taxa de correspondência",
  matchText: "das vendas informadas à Meta são atribuídas a um clique",
  needs: "O que precisa de você",
  nothing: "Nada precisa de você agora.",
  theList: "o que precisa de você",
  since: "desde",
  attention: {
    fuse_tripped: () => "O fusível das suas regras desarmou",
    destination_on_hold: (_, subject) => `${subject || "Um destino"} está em espera`,
    dead_letters: (count) => `${formatCount(count)} ${plural(count, "mensagem foi separada", "mensagens foram separadas")}`,
    quarantine: (count) => `${formatCount(count)} ${plural(count, "webhook está", "webhooks estão")} em quarentena`,
    webhooks_rejected: (count, subject) =>
      `${subject}: ${formatCount(count)} ${plural(count, "webhook recusado", "webhooks recusados")}`,
    blocked_but_paid: (count) => `${payments(count)} ${plural(count, "bloqueado, mas pago", "bloqueados, mas pagos")}`,
    to_review: (count) => `${payments(count)} para revisar`,
    merge_reviews: (count) =>
      `${formatCount(count)} ${plural(count, "par", "pares")} de clientes que podem ser a mesma pessoa`,
  },
  actions: {
    fuse_tripped: "Ver",
    destination_on_hold: "Corrigir",
    dead_letters: "Ver",
    quarantine: "Ver",
    webhooks_rejected: "O que fazer",
    blocked_but_paid: "Ver",
    to_review: "Revisar",
    merge_reviews: "Decidir",
  },
  decisions: "Vendas e decisões",
  decisionsText: (paid) => `Pagamentos ao longo do tempo por decisão, e ${paid} vendas informadas à Meta.`,
  decision: { allow: "Permitidos", review: "Para revisar", block: "Bloqueados" },
  sentToMeta: "Chegaram à Meta",
  theChart: "o gráfico",
  funnel: "Do clique à Meta",
  funnelText: "Quantos compradores clicaram, iniciaram o checkout, pagaram e foram informados à Meta.",
  steps: { click: "Cliques", checkout: "Checkouts", payment: "Vendas", conversion: "Chegaram à Meta" },
  welcome: "Nenhum pagamento chegou ainda.",
  welcomeLink: "Primeiros passos",
};
