import type { Words } from "./words";

export const words: Words = {
  progress: (done, all) => `Primeiros passos: ${done} de ${all}`,
};
