// Draws icons.svg, one sprite of the symbols in icons.txt. With --check: fails when the sprite is not of these symbols.
import { readFileSync, writeFileSync } from "node:fs";

const SPRITE = new URL("icons.svg", import.meta.url);
const TABLER = new URL("node_modules/@tabler/icons/icons/", import.meta.url);
const FILLED = "-filled";

function symbol(name) {
  const isFilled = name.endsWith(FILLED);
  const file = isFilled ? `filled/${name.slice(0, -FILLED.length)}.svg` : `outline/${name}.svg`;
  const drawing = readFileSync(new URL(file, TABLER), "utf8");
  const shapes = drawing
    .replace(/<!--[^]*?-->/g, "")
    .match(/<svg[^>]*>([^]*)<\/svg>/)[1]
    .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, "")
    .replace(/\s+/g, " ")
    .replace(/> </g, "><")
    .trim();
  const paint = isFilled
    ? 'fill="currentColor"'
    : 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"';
  return `<symbol id="${name}" viewBox="0 0 24 24" ${paint}>${shapes}</symbol>`;
}

const names = readFileSync(new URL("icons.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line && !line.startsWith("#"));
const sprite = `<svg xmlns="http://www.w3.org/2000/svg">\n${names.map(symbol).join("\n")}\n</svg>\n`;

if (!process.argv.includes("--check")) {
  writeFileSync(SPRITE, sprite);
} else if (readFileSync(SPRITE, "utf8") !== sprite) {
  console.error("icons.svg is not what icons.txt names; run: npm run icons");
  process.exit(1);
}
