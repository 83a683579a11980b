import { useWords } from "../../i18n/words";
import { Button } from "../controls/Button";
import { uiWords } from "../words";
import { Banner } from "./Banner";

/** One source of a page failed: it says which, while the rest works. */
export function Partial({ what, retry }: { what: string; retry: () => void }) {
  const words = useWords(uiWords);

  return (
    <Banner
      tone="warn"
      action={
        <Button look="quiet" onClick={retry}>
          {words.tryAgain}
        </Button>
      }
    >
      {words.partial(what)}
    </Banner>
  );
}
