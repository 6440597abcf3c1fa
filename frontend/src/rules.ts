// The rules of passwords and identifiers, as the server checks them (accounts/passwords.py, accounts/identifiers.py);
// here only to tick them off while somebody types. The server decides.
const SPECIAL = "!$'*-:,=@]`}\"%(+.;>[^{~#&)/<?\\_|";

export interface Typed {
  value: string;
  identifier: string;
}

const RULES: Record<string, (typed: Typed) => boolean> = {
  length: ({ value }) => lengthOf(value) >= 8 && lengthOf(value) <= 128,
  upper: ({ value }) => /\p{Lu}/u.test(value),
  lower: ({ value }) => /\p{Ll}/u.test(value),
  digit: ({ value }) => /\p{Nd}/u.test(value),
  special: ({ value }) => Array.from(value).some((sign) => SPECIAL.includes(sign)),
  identifier: ({ value, identifier }) =>
    value !== "" && identifier !== "" && !value.toLowerCase().includes(identifier.toLowerCase()),
  "identifier-length": ({ value }) => lengthOf(value) >= 3 && lengthOf(value) <= 20,
  "identifier-space": ({ value }) => value !== "" && !/\s/.test(value),
};

/** Whether what is typed keeps the rule of that name; false for a rule that does not exist. */
export function isKept(rule: string, typed: Typed): boolean {
  return RULES[rule]?.(typed) ?? false;
}

/** In characters as the server counts them, not in UTF-16 units. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}
