import type { Words } from "./words";

export const words: Words = {
  progress: (done, all) => `Primeiros passos: ${done} de ${all}`,
  showSamples: "Mostrar vendas de exemplo",
  removeSamples: "Remover as vendas de exemplo",
  samplesShown: "Você está vendo vendas de exemplo. Elas são marcadas como teste, não entram em nenhuma soma e não chegam a nenhum destino.",
};
