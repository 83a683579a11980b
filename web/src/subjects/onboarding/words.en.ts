export const words = {
  progress: (done: number, all: number) => `First steps: ${done} of ${all}`,
  showSamples: "Show sample sales",
  removeSamples: "Remove the sample sales",
  samplesShown: "You see sample sales. They are marked as tests, count in no sum and reach no destination.",
};
