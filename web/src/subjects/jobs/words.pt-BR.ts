import { plural } from "../../i18n/plural";
import { formatCount } from "../../ui/format/number";
import type { Words } from "./words";

export const words: Words = {
  kinds: {
    "dead_letters.bulk": "Mensagens com falha",
    "quarantine.bulk": "Quarentena",
    backtest: "Simulação",
    "payments.export": "Exportação de pagamentos",
    "customers.export": "Exportação de clientes",
    "conversions.export": "Exportação de conversões",
    "audit_log.export": "Exportação do registro de auditoria",
    "read_models.rebuild": "Reconstrução",
    "customer.erase": "Eliminação dos dados de uma pessoa",
  },
  counts: {
    replayed: (count) => `${formatCount(count)} ${plural(count, "reprocessada", "reprocessadas")}`,
    discarded: (count) => `${formatCount(count)} ${plural(count, "descartada", "descartadas")}`,
    skipped: (count) => `${formatCount(count)} ${plural(count, "resolvida", "resolvidas")} por outra pessoa nesse meio-tempo`,
    failed_again: (count) => `${formatCount(count)} ${plural(count, "falhou", "falharam")} de novo`,
    webhooks_read: (count) => `${formatCount(count)} ${plural(count, "webhook relido", "webhooks relidos")}`,
    days_summed: (count) => `${formatCount(count)} ${plural(count, "dia somado", "dias somados")} de novo`,
  },
  states: {
    queued: "Aguardando início",
    running: "Em andamento",
    done: "Concluída",
    failed: "Falhou",
    canceled: "Interrompida",
  },
  what: "o andamento da tarefa",
  progress: "Andamento",
  startedBy: (who) => `iniciada por ${who}`,
  stop: "Parar",
  download: "Baixar",
  expired: "O arquivo não é mais guardado.",
  stopping: "Parando depois da etapa atual…",
  failedAgain: (count) =>
    `${formatCount(count)} ${plural(count, "item falhou de novo e voltou", "itens falharam de novo e voltaram")} para a lista, com a nova causa.`,
  close: "Fechar",
  exports: {
    button: "Exportar…",
    action: "Exportar",
    subjects: {
      payments: {
        title: "Exportar pagamentos",
        all: "O arquivo terá todos os pagamentos.",
        filtered: (filters) => `O arquivo terá os pagamentos que correspondem a: ${filters}.`,
      },
      customers: {
        title: "Exportar clientes",
        all: "O arquivo terá todos os clientes.",
        filtered: (filters) => `O arquivo terá os clientes que correspondem a: ${filters}.`,
      },
      conversions: {
        title: "Exportar conversões",
        all: "O arquivo terá todas as conversões.",
        filtered: (filters) => `O arquivo terá as conversões que correspondem a: ${filters}.`,
      },
    },
    format: "Formato",
    formats: { csv: "CSV", ndjson: "Linhas JSON" },
    about: {
      csv: "Para planilhas: uma linha para cada item. Os valores estão em centavos, ou na menor unidade da moeda.",
      ndjson: "Para programas: um objeto JSON por linha, como a API o devolve.",
    },
    kept: "Uma tarefa grava o arquivo, dos mais novos aos mais antigos. Você pode sair da página: “Tarefas”, no seu menu, mostra o andamento. O arquivo fica guardado por 7 dias.",
  },
  gone: "Esta tarefa e o resultado dela não são mais guardados.",
};
