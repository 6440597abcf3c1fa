/** `<menu-sheet for="dialog-id">` around a button: opens that dialog; a click beside it closes it again. */
export class MenuSheet extends HTMLElement {
  connectedCallback(): void {
    const dialog = document.getElementById(this.getAttribute("for") ?? "");
    if (!(dialog instanceof HTMLDialogElement)) return;
    this.addEventListener("click", () => {
      dialog.showModal();
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }
}
