import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveTheme } from "../src/theme-choice.ts";

test("a choice wins over the system, and without one the system decides", () => {
  assert.equal(effectiveTheme("light", true), "light");
  assert.equal(effectiveTheme("system", true), "dark");
  assert.equal(effectiveTheme(undefined, false), "light");
});
