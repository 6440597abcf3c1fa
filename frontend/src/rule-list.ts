import { isKept } from "./rules.ts";

/**
 * `<rule-list for="field-id" identifier="…" identifier-from="field-id">` around `<li data-rule="upper">`: ticks the
 * rules off that are kept, while typing.
 */
export class RuleList extends HTMLElement {
  #field: HTMLInputElement | null = null;
  #identifier: HTMLInputElement | null = null;
  readonly #check = (): void => {
    const value = this.#field?.value ?? "";
    const identifier = this.#identifier?.value ?? this.getAttribute("identifier") ?? "";
    for (const item of this.querySelectorAll<HTMLElement>("[data-rule]")) {
      item.classList.toggle("kept", isKept(item.dataset["rule"] ?? "", { value, identifier }));
    }
  };

  connectedCallback(): void {
    this.#field = inputNamed(this.getAttribute("for"));
    this.#identifier = inputNamed(this.getAttribute("identifier-from"));
    this.#field?.addEventListener("input", this.#check);
    this.#identifier?.addEventListener("input", this.#check);
    this.#check();
  }

  disconnectedCallback(): void {
    this.#field?.removeEventListener("input", this.#check);
    this.#identifier?.removeEventListener("input", this.#check);
  }
}

function inputNamed(id: string | null): HTMLInputElement | null {
  const found = id === null ? null : document.getElementById(id);
  return found instanceof HTMLInputElement ? found : null;
}
