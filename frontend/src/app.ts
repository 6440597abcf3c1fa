// What every page runs. Widgets are custom elements: they start and end with their node, whoever swapped it in.
import { setUpHtmx } from "./htmx-setup.ts";
import { listenToKeys } from "./keyboard.ts";
import { ConnectionNotice } from "./connection-notice.ts";
import { focusFirstFault } from "./first-fault.ts";
import { LeavingGuard } from "./leaving-guard.ts";
import { MenuSheet } from "./menu-sheet.ts";
import { PasswordField } from "./password-field.ts";
import { RuleList } from "./rule-list.ts";
import { ThemeSwitch } from "./theme-switch.ts";
import { ToastStack } from "./toast-stack.ts";

customElements.define("connection-notice", ConnectionNotice);
customElements.define("leaving-guard", LeavingGuard);
customElements.define("menu-sheet", MenuSheet);
customElements.define("password-field", PasswordField);
customElements.define("rule-list", RuleList);
customElements.define("theme-switch", ThemeSwitch);
customElements.define("toast-stack", ToastStack);
setUpHtmx();
listenToKeys(document);
focusFirstFault(document);
