// Every text token can be read on the grounds it stands on: WCAG 2.2, 1.4.3 (4.5:1) and 1.4.11 (3:1 for marks).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("../styles/tokens.css", import.meta.url), "utf8");
const GROUNDS = ["bg", "surface", "surface-2"];
const TEXTS = ["text", "muted", "brand", "ok", "warning", "minor", "major", "critical", "none"];

function tokensOf(theme: string): Map<string, string> {
  const block = new RegExp(`\\[data-bs-theme="${theme}"\\] \\{([^}]*)\\}`).exec(css)?.[1] ?? "";
  return new Map(
    [...block.matchAll(/--wl-([a-z0-9-]+): (#[0-9a-f]{6});/g)].map((found) => [found[1] ?? "", found[2] ?? ""]),
  );
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

for (const theme of ["light", "dark"]) {
  const tokens = tokensOf(theme);
  const token = (name: string): string => {
    const value = tokens.get(name);
    assert.ok(value, `${theme}: no token ${name}`);
    return value;
  };

  test(`${theme}: every text can be read on every ground`, () => {
    for (const text of TEXTS) {
      for (const ground of GROUNDS) {
        assert.ok(contrast(token(text), token(ground)) >= 4.5, `${text} on ${ground}`);
      }
    }
  });

  test(`${theme}: a state can be read on its own soft ground, and text on the brand`, () => {
    for (const state of ["ok", "warning", "minor", "major", "critical", "none"]) {
      assert.ok(contrast(token(state), token(`${state}-soft`)) >= 4.5, state);
    }
    assert.ok(contrast(token("on-brand"), token("brand")) >= 4.5);
    assert.ok(contrast(token("on-ink-muted"), token("ink")) >= 4.5);
  });
}
