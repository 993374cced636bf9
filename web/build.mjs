// Copies what the console serves out of node_modules into the Python package:
// scripts, the typeface, and the icons that icons.txt names. `npm ci` comes before.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const vendor = join(here, "../src/keyhouse/doors/console/static/vendor");

const files = {
  "htmx.org/dist/htmx.min.js": "htmx.js",
  "htmx.org/LICENSE": "licenses/htmx.txt",
  "uplot/dist/uPlot.iife.min.js": "uplot.js",
  "uplot/dist/uPlot.min.css": "uplot.css",
  "uplot/LICENSE": "licenses/uplot.txt",
  "@fontsource-variable/hanken-grotesk/files/hanken-grotesk-latin-wght-normal.woff2":
    "sans-latin.woff2",
  "@fontsource-variable/hanken-grotesk/files/hanken-grotesk-latin-ext-wght-normal.woff2":
    "sans-latin-ext.woff2",
  "@fontsource-variable/hanken-grotesk/LICENSE": "licenses/hanken-grotesk.txt",
  "lucide-static/LICENSE": "licenses/lucide.txt",
};

const icons = readFileSync(join(here, "icons.txt"), "utf8")
  .split("\n")
  .map((line) => line.trim())
  .filter((line) => line && !line.startsWith("#"));

rmSync(vendor, { recursive: true, force: true });
mkdirSync(vendor, { recursive: true });
for (const [from, to] of Object.entries(files)) {
  cpSync(join(modules, from), join(vendor, to));
}
// One file, read once at start: the inside of each drawing, without its frame.
const drawings = Object.fromEntries(
  icons.map((name) => {
    const svg = readFileSync(join(modules, "lucide-static/icons", `${name}.svg`), "utf8");
    const inside = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.indexOf("</svg>"));
    return [name, inside.replace(/\s*\n\s*/g, " ").trim()];
  }),
);
writeFileSync(join(vendor, "icons.json"), JSON.stringify(drawings, null, 1) + "\n");
