import type { ReactNode } from "react";

import { Modal } from "./Modal";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** A modal panel from the bottom edge, for phones. A click beside it closes it too. */
export function Sheet(props: Props) {
  return <Modal {...props} look="sheet" closedBy="any" />;
}
