import assert from "node:assert/strict";
import { test } from "node:test";
import { isKept } from "../src/rules.ts";

const typed = (value: string, identifier = "claire"): { value: string; identifier: string } => ({ value, identifier });

test("each rule of a password is kept or not by itself", () => {
  const good = typed("Tilleul-2026");

  for (const rule of ["length", "upper", "lower", "digit", "special", "identifier"])
    assert.ok(isKept(rule, good), rule);
  assert.ok(!isKept("upper", typed("tilleul-2026")));
  assert.ok(!isKept("digit", typed("Tilleul-")));
  assert.ok(!isKept("special", typed("Tilleul2026")));
  assert.ok(!isKept("length", typed("Ab-1")));
});

test("a password that holds the identifier in whatever case is told so", () => {
  assert.ok(!isKept("identifier", typed("xCLAIREx")));
});

test("letters of other alphabets count as the server counts them", () => {
  assert.ok(isKept("upper", typed("Été")));
  assert.ok(isKept("length", typed("ÉÉÉÉÉÉÉÉ")));
});
