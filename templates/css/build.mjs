// Builds site.css (every page), console.css (the officials' console) and theme.css in ../static. Run with `make css`
// here, or `npm ci && npm run build`.
//
// layers.css states the layers and their order; the rules of a layer are in the file of its name:
//   tokens      what the components need, said in terms of theme.css
//   components  the NL Design System components in package.json, cut down to what ../layout uses
//   console     alone in console.css
//   the others  ours, by subject
// The same sources give the same bytes: nothing is read but this folder, node_modules and ../layout. built.sha256 holds
// the hashes of sources and results, in the format of sha256sum, for the test that nobody forgot to build.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import postcss from "postcss";
import { transform } from "lightningcss";

const here = (path) => new URL(path, import.meta.url);
const read = (path) => readFileSync(here(path), "utf8");

// Plain HTML inside main looks like these components, so that pages are written without their class names.
const plain = {
  ".utrecht-heading-1": "main h1",
  ".utrecht-heading-2": "main h2",
  ".utrecht-heading-3": "main h3",
  ".utrecht-paragraph": "main p",
  ".utrecht-paragraph--lead": "main p.lead",
  ".utrecht-unordered-list": "main ul",
  ".utrecht-unordered-list__item": "main ul > li",
  ".utrecht-ordered-list": "main ol",
  ".utrecht-ordered-list__item": "main ol > li",
  ".utrecht-link": "a:not([class])",
  ".utrecht-link--html-a": "a:not([class])",
  ".utrecht-code": "main code",
  ".utrecht-table": "main table",
  ".utrecht-table--html-table": "main table",
  ".utrecht-button-group": ".buttons",
};

// components reads the installed component style sheets, in the order of package.json.
function components() {
  const names = Object.keys(JSON.parse(read("package.json")).devDependencies).filter((name) => name.endsWith("-css"));
  const root = postcss.root();
  for (const name of names) {
    root.append(postcss.parse(read(`node_modules/${name}/dist/index.css`)));
  }
  root.walkComments((comment) => comment.remove());
  root.walkAtRules("charset", (rule) => rule.remove());
  root.walkDecls("grid-area", (decl) => void (decl.value.startsWith('"') && decl.remove())); // published so, and not valid
  return root;
}

// usedClasses are the classes of the NL Design System in the partials.
function usedClasses() {
  const html = readdirSync(here("../layout/")).filter((name) => name.endsWith(".html")).sort().map((name) => read(`../layout/${name}`));
  return new Set(html.join("\n").match(/\butrecht-[\w-]*/g));
}

// keepUsed drops selectors with a class that no partial has, after giving plain HTML a twin of the rules it shares.
// Rules for what the browser finds invalid go too: only the server judges, and it says so with aria-invalid.
function keepUsed(root, used) {
  root.walkRules((rule) => {
    const kept = new Set();
    for (const written of rule.selectors) {
      if (/:(user-)?invalid\b/.test(written)) continue;
      // That an element lacks a class that does not exist here is no condition.
      const selector = written.replace(/:not\(([^()]*)\)/g, (_, list) => {
        const exist = list.split(",").filter((part) => (part.match(/\.-?[A-Za-z_][\w-]*/g) ?? []).every((name) => used.has(name.slice(1))));
        return exist.length > 0 ? `:not(${exist.join(",")})` : "";
      });
      const classes = selector.match(/\.-?[A-Za-z_][\w-]*/g) ?? [];
      if (classes.every((name) => used.has(name.slice(1)))) kept.add(selector);
      if (classes.length > 0 && classes.every((name) => plain[name] || used.has(name.slice(1)))) {
        kept.add(selector.replace(/\.-?[A-Za-z_][\w-]*/g, (name) => (plain[name] ? `:where(${plain[name]})` : name)));
      }
    }
    if (kept.size === 0) rule.remove();
    else rule.selectors = [...kept];
  });
}

// resolve rewrites every var() whose property no one sets to its fallback (undefined when there is none), and takes
// the fallback from those that are always set.
function resolve(value, isSet, always) {
  let out = "";
  for (let at = 0; ; ) {
    const start = value.indexOf("var(", at);
    if (start < 0) return out + value.slice(at);
    let depth = 0, comma = -1, end = start + 3;
    for (; end < value.length; end++) {
      if (value[end] === "(") depth++;
      else if (value[end] === ")" && --depth === 0) break;
      else if (value[end] === "," && depth === 1 && comma < 0) comma = end;
    }
    const name = value.slice(start + 4, comma < 0 ? end : comma).trim();
    const fallback = comma < 0 ? undefined : resolve(value.slice(comma + 1, end).trim(), isSet, always);
    out += value.slice(at, start);
    if (isSet(name)) out += fallback === undefined || always.has(name) ? `var(${name})` : `var(${name}, ${fallback})`;
    else if (fallback === undefined) return undefined;
    else out += fallback;
    at = end + 1;
  }
}

// shake removes tokens: reads of properties that nothing sets, then properties that nothing reads, until neither is left.
function shake(root, always) {
  for (let before = ""; before !== (before = root.toString()); ) {
    const set = new Set(always), read = new Set();
    root.walkDecls(/^--/, (decl) => void set.add(decl.prop));
    root.walkDecls((decl) => {
      const value = resolve(decl.value, (name) => set.has(name), always);
      if (value === undefined || value === "") decl.remove();
      else {
        decl.value = value;
        for (const [, name] of value.matchAll(/var\((--[\w-]+)/g)) read.add(name);
      }
    });
    root.walkDecls(/^--/, (decl) => void (read.has(decl.prop) || decl.remove()));
    root.walkRules((rule) => void (rule.nodes.length > 0 || rule.remove()));
    root.walkAtRules((rule) => void (!rule.nodes || rule.nodes.length > 0 || rule.remove()));
  }
}

const theme = read("theme.css");
const layers = postcss.parse(read("layers.css")).nodes.find((node) => node.name === "layer").params.split(/,\s*/);
const files = readdirSync(here("./")).filter((name) => name.endsWith(".css")).map((name) => name.slice(0, -".css".length));
if ([...layers, "layers", "theme"].filter((name) => name !== "components").sort().join() !== files.sort().join()) {
  throw new Error("every layer but components needs a file of its name, every file but layers.css and theme.css a layer");
}

const used = components();
const wanted = new Set([...used.toString().matchAll(/var\(\s*(--utrecht-[\w-]+)/g)].map(([, name]) => name));
keepUsed(used, usedClasses());
const root = postcss.root();
for (const name of layers) {
  const rules = name === "components" ? used : postcss.parse(read(`${name}.css`));
  root.append(postcss.atRule({ name: "layer", params: name, nodes: rules.nodes }));
}
const tokens = new Set(read("tokens.css").match(/--utrecht-[\w-]+(?=:)/g));
for (const name of tokens) {
  if (!wanted.has(name)) throw new Error(`tokens.css sets ${name}, which no component reads`);
}
if (process.argv.includes("--tokens")) {
  console.log([...new Set([...root.toString().matchAll(/var\(\s*(--utrecht-[\w-]+)/g)].map(([, name]) => name))].sort().join("\n"));
}
shake(root, new Set([...theme.match(/--olid-[\w-]+(?=:)/g), ...tokens]));
const officials = root.nodes.find((layer) => layer.params === "console").remove();

const version = (major, minor = 0) => (major << 16) | (minor << 8);
const project = "/*! Omgevingsloket-ID. SPDX-License-Identifier: EUPL-1.2\n";
const parts = "Contains NL Design System components: Copyright (c) 2020-2024 Frameless B.V., Copyright (c) 2021-2024 Gemeente Utrecht.\n";

// minified returns a layer or several as the text of a style sheet.
function minified(filename, sheet, comment, order = "") {
  const { code } = transform({
    filename,
    code: Buffer.from(sheet.toString()),
    minify: true,
    targets: { chrome: version(103), firefox: version(102), safari: version(15, 4) },
  });
  return `${comment}Built from templates/css; do not edit. */\n${order}${code}\n`;
}

const built = {
  "console.css": minified("console.css", officials, project),
  "site.css": minified("site.css", root, project + parts, `@layer ${layers.join()};`),
  "theme.css": theme,
};
for (const [name, text] of Object.entries(built)) {
  writeFileSync(here(`../static/${name}`), text);
  console.log(`${name} ${Buffer.byteLength(text)} bytes`);
}
const sources = [...files.map((name) => `${name}.css`), "build.mjs", "package.json", "package-lock.json"].sort();
const hashed = [...sources, ...Object.keys(built).map((name) => `../static/${name}`)];
const hash = (name) => createHash("sha256").update(readFileSync(here(name))).digest("hex");
writeFileSync(here("built.sha256"), hashed.map((name) => `${hash(name)}  ${name}\n`).join(""));
