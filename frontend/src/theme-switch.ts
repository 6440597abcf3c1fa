import htmx from "htmx.org";
import { effectiveTheme } from "./theme-choice.ts";

/** `<theme-switch data-src="/me/theme/">` around a button: shows the other theme at once and tells the server. */
export class ThemeSwitch extends HTMLElement {
  connectedCallback(): void {
    this.querySelector("button")?.addEventListener("click", () => {
      const root = document.documentElement;
      const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
      const other = effectiveTheme(root.dataset["theme"], isDark) === "dark" ? "light" : "dark";
      root.dataset["theme"] = other;
      void htmx.ajax("post", this.dataset["src"] ?? "", { source: this, values: { theme: other }, swap: "none" });
    });
  }
}
