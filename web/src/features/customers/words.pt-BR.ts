import { plural } from "../../i18n/plural";
import { formatCount } from "../../ui/format/number";
import type { Words } from "./words";

export const words: Words = {
  title: "Clientes",
  the: "os clientes",
  lookup: {
    label: "Encontrar um cliente",
    kind: "Por",
    kinds: { email: "Email", phone: "Telefone", document: "Documento", order_id: "Pedido", customer_id: "ID do cliente" },
    text: "Valor",
    hint: "O valor é comparado em hash e não é guardado. Sua busca fica no registro de auditoria sem o valor.",
    find: "Encontrar",
    the: "a busca",
    found: (count) => `${formatCount(count)} ${plural(count, "cliente encontrado", "clientes encontrados")}`,
    none: (shop) => `Nenhum cliente de ${shop} tem esse valor`,
    noneText: "A comparação ignora maiúsculas e espaços. Tente o número do pedido.",
    back: "Mostrar todos os clientes",
  },
  filters: {
    label: "Filtros",
    status: "Status",
    anyStatus: "Qualquer status",
    trust: "Confiança",
    anyTrust: "Qualquer confiança",
    trustTo: (score) => `Confiança até ${formatCount(score)}`,
    seen: "Visto por último",
    anySeen: "Visto em qualquer data",
  },
  table: { label: "Clientes", customer: "Cliente", trust: "Confiança", status: "Status", payments: "Pagamentos", disputes: "Contestações", seen: "Visto por último" },
  payments: (count) => `${formatCount(count)} ${plural(count, "pagamento", "pagamentos")}`,
  empty: { title: "Nenhum cliente ainda", text: "Um cliente aparece aqui com o primeiro pagamento dele.", action: "Conectar um gateway" },
};
