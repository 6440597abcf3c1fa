const SHOWN_MS = 5000;
const MOST = 3;

/**
 * `<toast-stack>`: messages that go by themselves after a while, errors when somebody closes them; at most three. While
 * one is looked at or holds the focus it stays, so that "Undo" can be reached.
 */
export class ToastStack extends HTMLElement {
  readonly #arrivals = new MutationObserver(() => {
    this.#settle();
  });

  connectedCallback(): void {
    this.#arrivals.observe(this, { childList: true });
    document.body.addEventListener("htmx:responseError", this.#onError);
    this.#settle();
  }

  disconnectedCallback(): void {
    this.#arrivals.disconnect();
    document.body.removeEventListener("htmx:responseError", this.#onError);
  }

  readonly #onError = (): void => {
    const template = this.querySelector<HTMLTemplateElement>("template[data-error]");
    if (template !== null) this.append(template.content.cloneNode(true));
  };

  #settle(): void {
    const toasts = [...this.querySelectorAll<HTMLElement>(":scope > .wl-toast")];
    for (const old of toasts.slice(0, -MOST)) old.remove();
    for (const toast of toasts.slice(-MOST)) this.#start(toast);
  }

  #start(toast: HTMLElement): void {
    if (toast.dataset["started"] !== undefined) return;
    toast.dataset["started"] = "";
    toast.querySelector("[data-close]")?.addEventListener("click", () => {
      toast.remove();
    });
    if (toast.dataset["stays"] !== undefined) return;
    const go = (): void => {
      if (toast.matches(":hover, :focus-within")) window.setTimeout(go, SHOWN_MS);
      else toast.remove();
    };
    window.setTimeout(go, SHOWN_MS);
  }
}
