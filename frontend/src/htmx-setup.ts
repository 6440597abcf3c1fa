import htmx from "htmx.org";

/** The one place where htmx is set up: what it swaps, and what it must not do under our content policy. */
export function setUpHtmx(): void {
  Object.assign(htmx.config, {
    includeIndicatorStyles: false, // a style element, which the policy forbids
    allowEval: false,
    historyCacheSize: 0, // pages hold what the next user of this browser must not find
    selfRequestsOnly: true,
    responseHandling: [
      { code: "204", swap: false },
      { code: "422", swap: true }, // a form that says what is wrong with it
      { code: "[23]..", swap: true },
      { code: "[45]..", swap: false, error: true },
    ],
  });
}
