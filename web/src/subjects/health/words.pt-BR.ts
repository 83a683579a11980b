import { plural } from "../../i18n/plural";
import { formatCount } from "../../ui/format/number";
import type { Words } from "./words";

export const words: Words = {
  title: "Saúde",
  what: "a saúde",
  allWell: "Tudo em ordem",
  gateways: (count) => `${formatCount(count)} ${plural(count, "gateway", "gateways")}`,
  noGateways: "Nenhum gateway configurado",
  gatewaySilent: (gateway, since) => `${gateway} não envia nada desde ${since}`,
  gatewayRefused: (gateway) => `${gateway}: todos os webhooks das últimas 24 horas foram recusados`,
  decisions: (p95) => `Decisões em ${p95} ms`,
  noDecisions: "Nenhuma decisão na última hora",
  destinations: (count) => `${formatCount(count)} ${plural(count, "destino", "destinos")}`,
  noDestinations: "Nenhum destino configurado",
  destination: {
    on_hold: (name) => `${name} está em espera: as vendas aguardam até você corrigir`,
    unavailable: (name) => `${name} está fora do ar: as vendas aguardam, nenhuma se perde`,
  },
  deadLetters: (count) => count === 0 ? "Nenhuma mensagem separada" : `${formatCount(count)} ${plural(count, "mensagem separada", "mensagens separadas")}`,
  lag: (seconds) => `Exibido em até ${seconds} s`,
  missing: {
    gateways: "Não é possível consultar os gateways agora",
    decisions: "Não é possível consultar as decisões agora",
    destinations: "Não é possível consultar os destinos agora",
    dead_letters: "Não é possível consultar as mensagens separadas agora",
    projection: "O atraso do que você vê não é conhecido agora",
  },
  late: (seconds) => `O que você vê está ${seconds} s atrasado. Nada se perde`,
  states: { ok: "Bom", missing: "Não se sabe", failed: "Precisa de atenção" },
};
