import { plural } from "../../i18n/plural";
import { formatCount } from "../../ui/format/number";
import type { Words } from "./words";

export const words: Words = {
  title: "Revisão",
  the: "a fila",
  counts: (open, mine, snoozed) =>
    `${formatCount(open)} para revisar · ${formatCount(mine)} comigo · ${formatCount(snoozed)} adiados`,
  today: (decided, frauds) => `${formatCount(decided)} decididos hoje, ${formatCount(frauds)} de fraude`,
  median: (seconds) => `metade em até ${formatCount(Math.round(seconds))} s`,
  oldest: "o mais antigo",
  show: { label: "Casos", all: "Todos", mine: "Meus", snoozed: "Adiados" },
  sort: { label: "Ordem", money: "Dinheiro em risco", risk: "Risco", age: "Mais antigos primeiro" },
  queue: "Fila",
  case: "Caso",
  heldBy: (name) => `${name} está com este caso`,
  risk: (risk) => `risco ${formatCount(risk)}`,
  legitimate: "Legítimo",
  fraud: "Fraude",
  later: "Depois",
  laterFor: { hour: "Em 1 hora", tomorrow: "Amanhã", week: "Em uma semana" },
  block: "Fraude também bloqueia o comprador por 30 dias",
  next: "Próximo caso",
  previous: "Caso anterior",
  back: "Fila",
  done: { fraud: "Julgado como fraude. A conversão será corrigida.", legitimate: "Julgado como legítimo." },
  blocked: "O comprador está bloqueado por 30 dias.",
  putOff: (time) => `Adiado até ${time}.`,
  undone: "Decisão desfeita. O caso voltou.",
  refused: (reason) => `Não foi feito: ${reason}`,
  empty: {
    title: "Nada para revisar",
    text: (decided, frauds) =>
      `${formatCount(decided)} ${plural(decided, "caso decidido", "casos decididos")} hoje; ${formatCount(frauds)} ${plural(frauds, "era", "eram")} fraude.`,
  },
  emptyFiltered: { title: "Nenhum caso aqui", text: "Escolha “Todos” para ver a fila inteira." },
};
