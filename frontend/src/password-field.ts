/** `<password-field>` around an input and a button that shows what was typed, and hides it again. */
export class PasswordField extends HTMLElement {
  connectedCallback(): void {
    const field = this.querySelector("input");
    const button = this.querySelector("button");
    if (field === null || button === null) return;
    button.hidden = false; // without scripts it could do nothing
    button.addEventListener("click", () => {
      const isShown = field.type === "password";
      field.type = isShown ? "text" : "password";
      button.setAttribute("aria-pressed", String(isShown));
    });
  }
}
