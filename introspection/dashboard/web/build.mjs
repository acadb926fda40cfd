// Bundles the pages into the folder given, by default build/web at the top of the tree: app.js, app.css, index.html, favicon.svg,
// licences.txt.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "../../../build/web"));

await mkdir(out, { recursive: true });
await build({
  entryPoints: { app: join(here, "src/main.tsx") },
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  logLevel: "warning",
});
for (const file of ["index.html", "favicon.svg"]) await copyFile(join(here, file), join(out, file));

// What is bundled asks for its notice to come along.
let licences = "";
for (const name of ["preact", "@preact/signals", "@preact/signals-core", "uplot"]) {
  licences += `${name}\n\n${await readFile(join(here, "node_modules", name, "LICENSE"), "utf8")}\n\n`;
}
await writeFile(join(out, "licences.txt"), licences);
for (const file of ["app.js", "app.css"]) console.log(`${file}: ${((await stat(join(out, file))).size / 1024).toFixed(1)} KiB`);
