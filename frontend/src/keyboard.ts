export type Command = { kind: "go"; to: string } | { kind: "search" } | { kind: "help" } | { kind: "save" };

const PLACES: Record<string, string> = {
  h: "/",
  o: "/operation/",
  c: "/configuration/",
  p: "/preferences/",
  a: "/operation/alarms/",
};
const PAUSE_MS = 1200; // longest between the two keys of "g h"

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** What a key asks for, after `g` or not, in a field or not; null: nothing of ours. */
export function commandOf(pressed: Pressed, state: { afterG: boolean; inField: boolean }): Command | null {
  if (pressed.key === "Enter" && (pressed.ctrlKey || pressed.metaKey)) return { kind: "save" };
  if (state.inField || pressed.ctrlKey || pressed.metaKey || pressed.altKey) return null;
  if (state.afterG) {
    const to = PLACES[pressed.key];
    return to === undefined ? null : { kind: "go", to };
  }
  if (pressed.key === "/") return { kind: "search" };
  if (pressed.key === "?") return { kind: "help" };
  return null;
}

/** Obey the keys of the keyboard map; the dialog `#keys` lists them. */
export function listenToKeys(page: Document): void {
  let gPressed = -Infinity;
  page.addEventListener("keydown", (event) => {
    const afterG = event.timeStamp - gPressed < PAUSE_MS;
    const inField = isField(event.target);
    const command = commandOf(event, { afterG, inField });
    gPressed = event.key === "g" && !inField ? event.timeStamp : -Infinity;
    if (command !== null && obey(page, command)) event.preventDefault();
  });
}

function obey(page: Document, command: Command): boolean {
  switch (command.kind) {
    case "go": // only where the profile of this user leads
      if (page.querySelector(`a[href="${command.to}"]`) === null) return false;
      location.assign(command.to);
      return true;
    case "search": {
      const field = page.querySelector<HTMLInputElement>("input[type=search]");
      field?.focus();
      return field !== null;
    }
    case "help":
      page.querySelector<HTMLDialogElement>("dialog#keys")?.showModal();
      return true;
    case "save": {
      const form = page.activeElement?.closest("form");
      form?.requestSubmit();
      return form != null;
    }
  }
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, select, textarea"));
}
