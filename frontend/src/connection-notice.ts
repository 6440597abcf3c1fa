const TICK_MS = 1000;

/**
 * `<connection-notice data-text="No connection for {seconds} s, trying again">`: says that the server is out of reach
 * and since when, and goes by itself with the next answer. The page's own poll is what tries again.
 */
export class ConnectionNotice extends HTMLElement {
  #lost: number | null = null;
  #ticking: number | undefined;
  readonly #failed = (): void => {
    this.#lost ??= Date.now();
    this.#ticking ??= window.setInterval(this.#show, TICK_MS);
    this.#show();
  };
  readonly #answered = (): void => {
    this.#lost = null;
    window.clearInterval(this.#ticking);
    this.#ticking = undefined;
    this.#show();
  };
  readonly #show = (): void => {
    this.hidden = this.#lost === null;
    document.body.classList.toggle("wl-offline", this.#lost !== null);
    if (this.#lost === null) return;
    const seconds = String(Math.round((Date.now() - this.#lost) / 1000));
    const words = this.querySelector("[data-words]");
    if (words !== null) words.textContent = (this.dataset["text"] ?? "").replace("{seconds}", seconds);
  };

  connectedCallback(): void {
    document.body.addEventListener("htmx:sendError", this.#failed);
    document.body.addEventListener("htmx:timeout", this.#failed);
    document.body.addEventListener("htmx:beforeOnLoad", this.#answered);
    window.addEventListener("offline", this.#failed);
  }

  disconnectedCallback(): void {
    this.#answered();
    document.body.removeEventListener("htmx:sendError", this.#failed);
    document.body.removeEventListener("htmx:timeout", this.#failed);
    document.body.removeEventListener("htmx:beforeOnLoad", this.#answered);
    window.removeEventListener("offline", this.#failed);
  }
}
