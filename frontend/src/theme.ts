// Sets the theme before the first paint, so that no page flashes in the other one. The server names the user's choice.
import { effectiveTheme } from "./theme-choice.ts";

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

function apply(): void {
  root.dataset["bsTheme"] = effectiveTheme(root.dataset["theme"], dark.matches);
}

apply();
dark.addEventListener("change", apply);
new MutationObserver(apply).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
