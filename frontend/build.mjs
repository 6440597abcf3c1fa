// Builds what browsers load into the server's static folder: hashed names, the manifest that Django reads, a compressed
// twin of every text, and the licences of what is inside. Usage: node build.mjs
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const STATIC = join(HERE, "../src/wattledger/web/static");
const DRAFT = `${STATIC}.new`;
// What the first visit of any page loads, compressed; a phone on a plant room's Wi-Fi waits for all of it.
const MOST_GZIP_BYTES = { "app.css": 110_000, "app.js": 32_000, "theme.js": 1_000, "icons.svg": 20_000 };

async function bundle() {
  const { metafile } = await esbuild.build({
    absWorkingDir: HERE,
    entryPoints: ["src/app.ts", "src/theme.ts", "styles/app.css", "icons.svg", "mark.svg"],
    outdir: DRAFT,
    entryNames: "[name].[hash]",
    assetNames: "[name].[hash]",
    bundle: true,
    minify: true,
    target: ["chrome111", "firefox113", "safari16.4"],
    loader: { ".woff2": "file", ".svg": "copy" },
    legalComments: "none", // the page "About" shows them
    metafile: true,
    logLevel: "warning",
  });
  return Object.keys(metafile.outputs).map((path) => basename(path));
}

function plainName(file) {
  return file.replace(/\.[A-Z0-9]{8}(?=\.[a-z0-9]+$)/, "");
}

function writeManifest(files) {
  const paths = Object.fromEntries(files.map((file) => [plainName(file), file]).sort());
  const hash = createHash("sha256").update(JSON.stringify(paths)).digest("hex").slice(0, 12);
  writeFileSync(join(DRAFT, "staticfiles.json"), JSON.stringify({ paths, version: "1.1", hash }));
}

function compress(files) {
  for (const file of files.filter((name) => !name.endsWith(".woff2"))) {
    const packed = gzipSync(readFileSync(join(DRAFT, file)), { level: constants.Z_BEST_COMPRESSION });
    const most = MOST_GZIP_BYTES[plainName(file)];
    if (most !== undefined && packed.length > most) {
      throw new Error(`${plainName(file)} takes ${packed.length} bytes compressed; ${most} are allowed`);
    }
    writeFileSync(join(DRAFT, `${file}.gz`), packed);
  }
}

// The icons are drawn beforehand and not installed here; they come from the makers of @tabler/core, with its licence.
function writeLicences() {
  const shipped = Object.keys(JSON.parse(readFileSync(join(HERE, "package.json"), "utf8")).dependencies);
  const licences = shipped
    .filter((name) => name !== "esbuild")
    .map((name) => {
      const folder = join(HERE, "node_modules", name);
      const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      return { name, version, licence: license, text: file ? readFileSync(join(folder, file), "utf8") : "" };
    });
  writeFileSync(join(DRAFT, "licences.json"), JSON.stringify(licences));
}

rmSync(DRAFT, { recursive: true, force: true });
mkdirSync(DRAFT, { recursive: true });
const files = await bundle();
compress(files);
writeLicences();
writeManifest(files);
rmSync(STATIC, { recursive: true, force: true });
renameSync(DRAFT, STATIC);
