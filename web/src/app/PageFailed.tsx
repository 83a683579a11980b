import { Unreachable } from "../api/client";
import { Failed } from "../ui/states/Failed";
import { reload } from "./reload";
import { useReloadWhenBack } from "./useReloadWhenBack";

interface Props {
  title: string;
  /** What to do. After an update of Orylo, a page opened before it cannot load further pages: their file names have changed. */
  advice: string;
}

/** The failed state of a whole page. The dashboard is reloaded by the button, or once the server is back. */
export function PageFailed({ title, advice }: Props) {
  const isDown = useReloadWhenBack();

  return <Failed what={title} error={isDown ? new Unreachable(null) : new Error(advice)} retry={reload} />;
}
