// Prints what one page costs over the line, and fails when it is over the budget.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

const folder = "../src/sreda/ui/static/ui/";
const budget = 200 * 1024;
const manifest = JSON.parse(readFileSync(`${folder}manifest.json`));
const entry = manifest["src/main.ts"];
const first = new Set([entry.file, ...entry.css, ...entry.assets.filter((a) => a.endsWith("woff2"))]);
for (const key of entry.imports ?? []) first.add(manifest[key].file);

// Ready-compressed twins, which the static server sends as they are
for (const name of readdirSync(`${folder}assets`)) {
  if (!/\.(js|css|svg)$/.test(name)) continue;
  const body = readFileSync(`${folder}assets/${name}`);
  writeFileSync(`${folder}assets/${name}.gz`, gzipSync(body, { level: 9 }));
  writeFileSync(`${folder}assets/${name}.br`, brotliCompressSync(body));
}

const size = (file) => gzipSync(readFileSync(folder + file), { level: 9 }).length;
const kb = (bytes) => `${(bytes / 1024).toFixed(1)} KB`.padStart(9);
let total = 0;
for (const file of first) {
  const bytes = size(file);
  total += bytes;
  console.log(`${kb(bytes)}  ${file}`);
}
console.log(`${kb(total)}  first visit, gzipped (budget ${budget / 1024} KB)`);
for (const file of Object.values(manifest).map((chunk) => chunk.file)) {
  if (!first.has(file)) console.log(`${kb(size(file))}  ${file} (when needed)`);
}
if (total > budget) {
  console.error("The first visit is over its budget");
  process.exit(1);
}
