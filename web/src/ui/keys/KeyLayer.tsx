import { type ReactNode, useEffect, useState } from "react";

import { newLayer, openLayer } from "./registry";
import { LayerContext } from "./useKeys";

/** A modal dialog's content: while it is shown, only its own keys work. */
export function KeyLayer({ children }: { children: ReactNode }) {
  const [layer] = useState(newLayer);

  useEffect(() => openLayer(layer), [layer]);
  return <LayerContext value={layer}>{children}</LayerContext>;
}
