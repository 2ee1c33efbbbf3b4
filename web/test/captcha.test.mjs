// Where the widget's requests go, and what it makes of the answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { page, source } from "./stage.mjs";

const answer = (status, body) => ({ ok: status < 300, status, json: async () => body });
const STARTED = { ticket: "t", expires_ms: 300000, work: null };
const TOKEN = { token: `h.${btoa(JSON.stringify({ iat: 5, exp: 65 }))}.s` };

/** A page with the widget; `replies` answer its requests in turn, the last one all others. */
const widget = (replies, { key = "", config = {}, ...options } = {}) => {
  const calls = [];
  const fetch = async (url, { headers, body }) => {
    const reply = replies[Math.min(calls.length, replies.length - 1)];
    calls.push({ url, key: headers.Authorization, body: JSON.parse(body) });
    if (reply === "cut") throw new TypeError("network");
    if (reply === "hang") return new Promise(() => {});
    return reply;
  };
  const stage = page({ ...options, more: { fetch, setTimeout: (work, ms) => setTimeout(work, ms / 100), clearTimeout } });
  stage.run("collect.js");
  stage.run("captcha.js", options.from, key ? source("captcha.js").replace("__PALISADE_SITE_KEY__", key) : undefined);
  return { captcha: new stage.window.AICaptcha(config), calls, stage };
};

test("requests go where the script came from", async () => {
  const base = (options) => widget([answer(200, STARTED)], options).stage.window.AICaptcha.base;
  const script = (src, more = {}) => ({ script: { src, dataset: {}, ...more } });
  assert.equal(base(script("https://captcha.example/captcha.js?v=1")), "https://captcha.example/");
  assert.equal(base(script("https://shop.example/.palisade/captcha.js")), "https://shop.example/.palisade/");
  assert.equal(base(script("https://shop.example/x-7f3a/captcha.js")), "https://shop.example/x-7f3a/");
  assert.equal(base(script("https://shop.example/a/captcha.js/captcha.js")), "https://shop.example/a/captcha.js/");
  assert.equal(base({ from: "https://cdn.example:8443/a/b/captcha.js" }), "https://cdn.example:8443/a/b/", "a module");
  assert.equal(base({ ...script("https://shop.example/app.bundle.js"), from: "file:///x.js" }), "https://shop.example/.palisade/");
  assert.equal(base({ script: { src: "https://shop.example/app.js", dataset: { base: "/guard/" } } }), "https://shop.example/guard/");

  const { captcha, calls } = widget([answer(200, STARTED), answer(200, TOKEN)], { config: { base: "https://x.example/y" } });
  await captcha.executeAsync();
  assert.deepEqual(calls.map(({ url }) => url), ["https://x.example/y/captcha/start", "https://x.example/y/api/challenge"]);
});

test("a token, and what it was asked with", async () => {
  const { captcha, calls } = widget([answer(200, STARTED), answer(200, TOKEN)], { key: "pk_host", config: { action: "buy" } });
  assert.equal(await captcha.executeAsync(), TOKEN.token);
  assert.equal(captcha.token, TOKEN.token);
  assert.deepEqual(calls[0].body, { site_key: "pk_host", action: "buy" });
  assert.equal(calls[1].key, "Bearer pk_host");
  const { data } = calls[1].body;
  assert.equal(data.ticket, "t");
  assert.equal(data.action, "buy");
  assert.equal(data.fingerprint, undefined, "nobody asked for it");
  captcha.reset();
  assert.equal(captcha.token, "");
});

test("a refused ticket is followed by a new one, twice at most", async () => {
  const spent = answer(400, { error: "spent-ticket", "error-codes": ["spent-ticket"] });
  const once = widget([answer(200, STARTED), spent, answer(200, STARTED), answer(200, TOKEN)]);
  assert.equal(await once.captcha.executeAsync(), TOKEN.token);
  const always = widget([answer(200, STARTED), spent, answer(200, STARTED), spent, answer(200, STARTED), spent]);
  await assert.rejects(always.captcha.executeAsync(), { code: "spent-ticket" });
  assert.equal(always.calls.length, 6);
});

test("a refusal that no ticket mends comes back at once, with its codes", async () => {
  const { captcha, calls } = widget([answer(200, STARTED), answer(400, { error: "x", "error-codes": ["honeypot", "low-score"] })]);
  await assert.rejects(captcha.executeAsync(), { code: "honeypot", codes: ["honeypot", "low-score"] });
  assert.equal(calls.length, 2);
});

test("a key of somebody else gives way to the host's own", async () => {
  const no = answer(401, { error: "x", "error-codes": ["invalid-site-key"] });
  const { captcha, calls } = widget([no, answer(200, STARTED), answer(200, TOKEN)], { key: "pk_host", config: { publicKey: "6Le" } });
  assert.equal(await captcha.executeAsync(), TOKEN.token);
  assert.deepEqual(calls.map(({ key }) => key), ["Bearer 6Le", "Bearer pk_host", "Bearer pk_host"]);
  const alone = widget([no], { config: { publicKey: "6Le" } });
  await assert.rejects(alone.captcha.executeAsync(), { code: "invalid-site-key" });
});

test("nobody waits for a server that does not answer", async () => {
  await assert.rejects(widget(["cut"]).captcha.executeAsync(), { code: "unreachable" });
  await assert.rejects(widget(["hang"]).captcha.executeAsync(), { code: "timeout" });
  await assert.rejects(widget([answer(500, {})]).captcha.executeAsync(), { code: "try-again" });
  await assert.rejects(widget([answer(200, STARTED), answer(200, {})]).captcha.executeAsync(), { code: "bad-answer" });
  await widget(["cut"]).captcha.prepare();
});

test("work done ahead serves one answer", async () => {
  const { captcha, calls } = widget([answer(200, STARTED), answer(200, TOKEN), answer(200, STARTED), answer(200, TOKEN)]);
  await captcha.prepare();
  assert.equal(calls.length, 1);
  await captcha.executeAsync();
  assert.equal(calls.length, 2);
  await captcha.executeAsync();
  assert.equal(calls.length, 4);
});

test("how long a token holds is read from itself", () => {
  const { lifetime } = widget([answer(200, STARTED)]).stage.window.AICaptcha;
  assert.equal(lifetime(TOKEN.token), 60000);
  for (const odd of ["", "a.b", "a.b.c", "XXXX.DUMMY.TOKEN.XXXX"]) assert.equal(lifetime(odd), 120000);
});
