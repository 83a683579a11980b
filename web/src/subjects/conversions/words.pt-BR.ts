import type { Words } from "./words";

const since = (time: string | null) => (time === null ? "" : ` desde ${time}`);

export const words: Words = {
  states: {
    pending: (destination) => `Na fila para ${destination}`,
    dispatched: (destination) => `Enviada para ${destination}`,
    failed: (destination) => `Não aceita por ${destination}`,
    suppressed: (destination) => `Não enviada para ${destination}`,
  },
  correction: (why) => `não deveria ter sido enviada: ${why}`,
  corrections: { blocked: "o pagamento está bloqueado agora" },
  suppressed: {
    blocked: "O pagamento está bloqueado.",
    test: "É um evento de teste do painel do gateway.",
    no_consent: "O comprador não deu consentimento.",
    erased: "Os dados do comprador foram eliminados.",
  },
  waits: {
    destination_on_hold: (time) => `Espera você corrigir o destino, que está parado${since(time)}.`,
    destination_throttled: (time) => `Espera o destino, que limita o ritmo das chamadas${since(time)}.`,
    destination_unavailable: (time) => `Espera o destino, que está fora do ar${since(time)}.`,
    destination_disabled: (time) => `Espera o destino ser ativado${since(time)}.`,
  },
  methods: {
    click_id: "ID do clique",
    fbc: "cookie de clique da Meta",
    fbp: "cookie de navegador da Meta",
    email: "email",
    phone: "telefone",
    ip_user_agent: "endereço IP e navegador",
  },
  sendAnyway: {
    open: "Enviar à Meta mesmo assim…",
    title: "Enviar a conversão de um pagamento bloqueado?",
    text: "A Orylo informa a venda como boa. A decisão e a confiança do comprador ficam como estão: um julgamento as altera.",
    limit: "A Meta aceita uma venda por apenas 7 dias, e uma conversão enviada não pode ser desfeita.",
    reason: "Por quê (fica no log de auditoria; sem dados pessoais)",
    action: "Enviar mesmo assim",
    done: "A conversão está sendo enviada.",
  },
  goal: (rate) => `meta ${rate}`,
  noMatch: "nenhum clique correspondente",
  triedBefore: (methods) => `sem clique por: ${methods}`,
  matchedBy: (method, confidence) => `correspondência por ${method} (${confidence})`,
  none: "Nada enviado",
};
