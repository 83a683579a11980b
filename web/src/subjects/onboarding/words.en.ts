export const words = {
  progress: (done: number, all: number) => `First steps: ${done} of ${all}`,
};
