/** Put the focus on the first field that the server found wrong, so that nobody has to look for it. */
export function focusFirstFault(page: Document): void {
  page.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
