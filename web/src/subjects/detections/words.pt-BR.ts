import { formatCount } from "../../ui/format/number";
import reasons from "./reasons.pt-BR.json";
import type { Words } from "./words";

export const words: Words = {
  decisions: { allow: "Permitido", review: "Em revisão", block: "Bloqueado" },
  reasons: {
    ...reasons,
    "list.allowlisted": "O cliente está na lista de permissão",
    "list.blocked": "O cliente está na lista de bloqueio",
  },
  rule: (name) => `Regra “${name}”`,
  aRule: "Uma regra da loja",
  listed: {
    bin: "Primeiros dígitos do cartão",
    card: "Cartão",
    card_country: "País do cartão",
    customer: "Cliente",
    device: "Dispositivo",
    document: "Documento",
    email: "Endereço de email",
    email_domain: "Domínio de email",
    ip: "Endereço IP",
  },
  onBlocklist: (what) => `${what} na lista de bloqueio`,
  onAllowlist: (what) => `${what} na lista de permissão`,
  overrides: {
    allowlisted: "Na lista de permissão",
    blocked: "Na lista de bloqueio",
    rule: "Uma regra da loja",
    fuse: "Fusível acionado: em revisão, não bloqueado",
    degraded: "Um detector ficou de fora: em revisão, não permitido",
  },
  decidedBy: {
    rule: "a regra decidiu, não o risco",
    fuse: "as regras ou o risco teriam bloqueado este pagamento",
    degraded: "só pelo risco este pagamento seria permitido",
    list: "a lista decidiu, não o risco",
  },
  detectors: {
    velocity: "Velocidade",
    card_testing: "Teste de cartões",
    geo_mismatch: "Divergência de países",
    amount_anomaly: "Valor fora do comum",
    entity_risk: "Risco do contexto",
    trust_history: "Histórico de confiança",
  },
  why: (risk) => `Por que ${risk}`,
  nothingSuspicious: "Nenhum detector achou algo suspeito.",
  reason: "Motivo",
  points: "Pontos",
  risk: "Risco",
  summary: (decision, risk) => `${decision}, risco ${risk}`,
  more: (count) => `mais ${formatCount(count)}`,
  degraded: "Incompleta",
  decidedWithout: (detectors) => `Decidido sem ${detectors}: falha ou tempo esgotado.`,
  noDetector: "Nenhum detector foi executado.",
  onItsOwn: (score) => `Pontuou ${score} de 100 sozinho`,
};
