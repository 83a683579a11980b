import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { mayHaveSession } from "./api/client";
import { App } from "./app/App";
import { preloadPage } from "./app/pages";
import "./styles/global.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
preloadPage(mayHaveSession() ? window.location.pathname : "/login");
// Rendering it imports it again and shows the failure.
if (mayHaveSession()) void import("./app/SessionLayout").catch(() => undefined);
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
// After everything that the user waits for.
window.addEventListener("load", () => void import("./app/vitals/webVitals").then(({ reportWebVitals }) => {
  reportWebVitals();
}));
