import { useState } from "react";

const STORAGE_KEY = "orylo.rail";

/** Whether the rail shows icons only, remembered in this browser. */
export function useFoldedRail() {
  const [folded, setFolded] = useState(() => localStorage.getItem(STORAGE_KEY) === "folded");
  const toggle = () => {
    localStorage.setItem(STORAGE_KEY, folded ? "open" : "folded");
    setFolded(!folded);
  };
  return { folded, toggle };
}
