// The start of the page.
import { noteStarted } from "./boot_watch";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { openActivity } from "./app/activity";
import { App } from "./app/app";
import { chooseTheme, themeNow } from "./app/theme";
import { openUpgradeWatch, upgradeStore } from "./app/upgrade";
import { openLive } from "./api/live";
import { openOutbox } from "./api/outbox";
import { openFirmPress } from "./ui/firm_press";

chooseTheme(themeNow());
openOutbox();
openLive();
openActivity();
openUpgradeWatch();
openFirmPress();
// A part of the page that is gone from the server: it was upgraded.
globalThis.addEventListener("vite:preloadError", () => upgradeStore.set("a newer one"));

noteStarted();

const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
