export type Theme = "light" | "dark";

/** What is shown for a choice of the user ("light", "dark", else: as the system), given what the system prefers. */
export function effectiveTheme(choice: string | undefined, systemIsDark: boolean): Theme {
  if (choice === "light" || choice === "dark") return choice;
  return systemIsDark ? "dark" : "light";
}
