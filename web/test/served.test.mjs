// The form of what is served: nothing newer than ES2020, nothing that a strict Content-Security-Policy forbids.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import ts from "typescript";
import { page, source } from "./stage.mjs";

const scripts = readdirSync(new URL("..", import.meta.url)).filter((name) => name.endsWith(".js"));

const NEWER = new Map([
  [ts.SyntaxKind.PropertyDeclaration, "a class field"],
  [ts.SyntaxKind.PrivateIdentifier, "a private name"],
  [ts.SyntaxKind.ClassStaticBlockDeclaration, "a static block"],
  [ts.SyntaxKind.QuestionQuestionEqualsToken, "??="],
  [ts.SyntaxKind.BarBarEqualsToken, "||="],
  [ts.SyntaxKind.AmpersandAmpersandEqualsToken, "&&="],
  [ts.SyntaxKind.ImportDeclaration, "an import, which only modules have"],
  [ts.SyntaxKind.ExportAssignment, "an export, which only modules have"],
  [ts.SyntaxKind.MetaProperty, "import.meta, which only modules have"],
]);

const FORBIDDEN = [/\beval\(/, /new Function/, /innerHTML|outerHTML|insertAdjacentHTML|document\.write/, /blob:/, /setAttribute\("style"/];

for (const name of scripts) {
  test(`${name} is ES2020, a script and a module`, () => {
    const tree = ts.createSourceFile(name, source(name), ts.ScriptTarget.ES2020, true, ts.ScriptKind.JS);
    const seek = (node) => {
      const { line } = tree.getLineAndCharacterOfPosition(node.getStart());
      assert.ok(!NEWER.has(node.kind), `line ${line + 1}: ${NEWER.get(node.kind)}`);
      ts.forEachChild(node, seek);
    };
    seek(tree);
  });

  test(`${name} asks nothing that a strict policy forbids, and no other host`, () => {
    const text = source(name);
    for (const pattern of FORBIDDEN) assert.doesNotMatch(text, pattern);
    assert.doesNotMatch(text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, ""), /["'`]https?:\/\/[a-z]/i);
  });
}

// The budgets: the loader, and each part that is loaded on demand, as they travel.
for (const [kib, ...names] of [[12, "collect.js", "captcha.js"], [15, "element.js"], [15, "shims.js"], [15, "work.js"], [15, "collect.js", "work.js", "retry.js"]]) {
  test(`${names.join(" + ")} is at most ${kib} KiB`, () => {
    const bytes = gzipSync(names.map(source).join("\n"), { level: 9 }).length;
    assert.ok(bytes <= kib * 1024, `${bytes} bytes`);
  });
}

test("the place of the site key stands in the loader once", () => {
  assert.equal(source("captcha.js").split("__PALISADE_SITE_KEY__").length, 2);
});

test("shims find their service from the vendors' own paths", () => {
  const base = (src) => {
    const stage = page({ script: { src, dataset: {} } });
    stage.run("shims.js");
    const { palisadeShims, grecaptcha, hcaptcha, turnstile } = stage.window;
    return [palisadeShims, ...Object.entries({ grecaptcha, hcaptcha, turnstile }).flatMap(([name, api]) => (api ? [name] : []))];
  };
  const host = "https://captcha.example/";
  assert.deepEqual(base(`${host}recaptcha/api.js?render=explicit`), [host, "grecaptcha"]);
  assert.deepEqual(base(`${host}1/api.js?render=explicit&recaptchacompat=off`), [host, "hcaptcha"]);
  assert.deepEqual(base(`${host}1/api.js`), [host, "grecaptcha", "hcaptcha"]);
  assert.deepEqual(base(`${host}hcaptcha/1/api.js`), [host, "grecaptcha", "hcaptcha"]);
  assert.deepEqual(base(`${host}turnstile/v0/api.js`), [host, "turnstile"]);
  assert.deepEqual(base(`${host}turnstile/v0/g/0123/api.js`), [host, "turnstile"]);
  assert.deepEqual(base(`${host}x-7f3a/1/api.js`), [`${host}x-7f3a/`, "grecaptcha", "hcaptcha"]);
  assert.deepEqual(base(`${host}a/b/turnstile/v0/api.js`), [`${host}a/b/`, "turnstile"]);
  assert.deepEqual(base(`${host}.palisade/captcha/shims.js`), [`${host}.palisade/`, "grecaptcha", "hcaptcha", "turnstile"]);
});
