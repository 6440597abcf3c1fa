import assert from "node:assert/strict";
import { test } from "node:test";
import { commandOf } from "../src/keyboard.ts";

const plain = { ctrlKey: false, metaKey: false, altKey: false };
const outside = { afterG: false, inField: false };

test("g then a letter goes to a place, a letter alone does not", () => {
  assert.deepEqual(commandOf({ key: "h", ...plain }, { afterG: true, inField: false }), { kind: "go", to: "/" });
  assert.equal(commandOf({ key: "h", ...plain }, outside), null);
});

test("in a field every key is typed, and only Ctrl+Enter saves", () => {
  assert.equal(commandOf({ key: "/", ...plain }, { afterG: false, inField: true }), null);
  assert.deepEqual(commandOf({ ...plain, key: "Enter", ctrlKey: true }, { afterG: false, inField: true }), {
    kind: "save",
  });
});

test("the browser keeps its own keys", () => {
  assert.equal(commandOf({ ...plain, key: "?", ctrlKey: true }, outside), null);
});
