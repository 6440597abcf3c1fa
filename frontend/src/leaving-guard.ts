/** `<leaving-guard>` around a form: who typed something and leaves without saving is asked by the browser. */
export class LeavingGuard extends HTMLElement {
  #changed = false;
  readonly #leaving = (event: BeforeUnloadEvent): void => {
    if (this.#changed) event.preventDefault();
  };

  connectedCallback(): void {
    this.addEventListener("input", () => (this.#changed = true));
    this.addEventListener("submit", () => (this.#changed = false));
    window.addEventListener("beforeunload", this.#leaving);
  }

  disconnectedCallback(): void {
    window.removeEventListener("beforeunload", this.#leaving);
  }
}
