import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { Button } from "../../ui/controls/Button";
import { useProblemText } from "../../ui/problems/problemText";
import { FormError } from "../../ui/states/FormError";
import { useChangeSampleData } from "./useSampleData";
import { onboardingWords } from "./words";

/** Shows the sample sales, or removes them. */
export function SampleDataButton({ shown }: { shown: boolean }) {
  const words = useWords(onboardingWords);
  const problemText = useProblemText();
  const { start, isPending, error } = useChangeSampleData();

  return (
    <>
      <Guarded permission="gateways.change">
        <Button
          busy={isPending}
          onClick={() => {
            start(!shown);
          }}
        >
          {shown ? words.removeSamples : words.showSamples}
        </Button>
      </Guarded>
      {error !== null && <FormError text={problemText(error)} />}
    </>
  );
}
