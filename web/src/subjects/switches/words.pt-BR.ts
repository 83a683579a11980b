import type { Words } from "./words";

export const words: Words = {
  label: "Interruptores",
  webhooks: {
    all: "Os webhooks estão parados: os gateways os enviam de novo mais tarde.",
    of: (gateway) => `Os webhooks da ${gateway} estão parados: ela os envia de novo mais tarde.`,
  },
  sending: {
    all: "O envio está parado: as conversões aguardam.",
    of: "O envio a um destino está parado: as conversões dele aguardam.",
  },
  maintenance: "Manutenção: nada pode ser alterado agora.",
  by: { platform: "A plataforma diz", tenant: "Mensagem" },
  quoted: (who, message) => `${who}: “${message}”.`,
  until: (time) => `Até ${time}.`,
};
