import type { Words } from "./words";

export const words: Words = {
  title: "Tarefas",
  lead: "Trabalhos que levam mais do que um instante: exportações, reprocessamentos de muitos itens, simulações. As tarefas ficam guardadas por 90 dias.",
  what: "as tarefas",
  empty: {
    title: "Nenhuma tarefa ainda",
    text: "Uma tarefa aparece aqui quando alguém exporta uma lista, reprocessa muitos itens ou inicia uma simulação.",
  },
};
