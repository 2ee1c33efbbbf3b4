// The solver against the same puzzles as the server's tests, in every way a browser may run it, and with workers that fail.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import vm from "node:vm";
import { gzipSync } from "node:zlib";

const web = new URL("../", import.meta.url);
const source = readFileSync(new URL("work.js", web), "utf8");
const golden = JSON.parse(readFileSync(new URL("../crates/challenge/testdata/work.json", web), "utf8"));
const [{ puzzles: easy, solutions: right }] = golden.cases;
const BASE = "/.palisade/";
const ORIGIN = "https://example.org";

/**
 * A worker whose script runs in a context of its own. `kind`: `simd`, `scalar`, `js` (no WASM), or a way to fail: `missing`
 * (the script cannot be had), `dies` (with its first puzzle), `silent` (never answers one), `mute` (never starts), `liar` (its
 * WASM finds nothing).
 */
class FakeWorker {
  static plan = [];
  static made = [];

  constructor(url) {
    assert.equal(url, `${ORIGIN}${BASE}captcha/work.js`);
    this.kind = FakeWorker.plan[FakeWorker.made.length % FakeWorker.plan.length];
    if (this.kind === "forbidden") throw new Error("a policy");
    FakeWorker.made.push(this);
    this.jobs = 0;
    this.terminated = false;
    if (this.kind === "missing") setImmediate(() => this.fail());
    else if (this.kind !== "mute") setImmediate(() => this.start(url));
  }

  fail() {
    if (!this.terminated) this.onerror({ preventDefault() {} });
  }

  start(url) {
    const kind = this.kind;
    const fetch = async (asked) => {
      if (kind === "js") throw new TypeError("blocked");
      const name = String(asked).split("/").pop();
      assert.equal(name, kind === "scalar" ? "work.wasm" : "work-simd.wasm");
      const bytes = readFileSync(new URL(`wasm/${name}`, web));
      return new Response(bytes, { headers: { "content-type": kind === "liar" ? "text/plain" : "application/wasm" } });
    };
    const engine = {
      validate: (bytes) => kind !== "scalar" && WebAssembly.validate(bytes),
      instantiateStreaming: WebAssembly.instantiateStreaming,
      async instantiate(bytes) {
        const { instance } = await WebAssembly.instantiate(bytes);
        const { memory } = instance.exports;
        return { instance: { exports: { memory, hash: () => -1, walk: () => -1 } } };
      },
    };
    const scope = vm.createContext({ fetch, WebAssembly: engine, URL, performance, setTimeout: () => 0, location: { href: url } });
    scope.postMessage = (data) => setImmediate(() => this.terminated || this.onmessage({ data: structuredClone(data) }));
    vm.runInContext("class WorkerGlobalScope {}; this.WorkerGlobalScope = WorkerGlobalScope; Object.setPrototypeOf(this, WorkerGlobalScope.prototype)", scope);
    vm.runInContext(source, scope);
    this.scope = scope;
  }

  postMessage(job) {
    this.jobs += 1;
    if (this.kind === "silent") return;
    if (this.kind === "dies") setImmediate(() => this.fail());
    else setImmediate(() => this.terminated || this.scope.onmessage({ data: structuredClone(job) }));
  }

  terminate() {
    this.terminated = true;
  }
}

/** A page, its solver, and its clock: `tick()` is a second. */
const page = (plan = [], cores = 4) => {
  FakeWorker.plan = plan;
  FakeWorker.made = [];
  const timers = new Set();
  const scope = vm.createContext({
    Worker: plan.length ? FakeWorker : undefined,
    location: new URL(`${ORIGIN}/page`),
    navigator: { hardwareConcurrency: cores },
    setInterval: (run) => (timers.add(run), run),
    clearInterval: (run) => timers.delete(run),
    MessageChannel, performance, URL, DOMException, TypeError, Error,
  });
  vm.runInContext(source, scope);
  const solve = (puzzles, options = {}) => scope.palisadeWork.solve(puzzles, { base: BASE, ...options });
  return { solve, tick: () => timers.forEach((run) => run()), timers };
};
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const plain = (value) => JSON.parse(JSON.stringify(value));

process.on("unhandledRejection", (reason) => {
  throw new Error(`a rejection that nobody handles: ${reason}`);
});

for (const [by, plan] of Object.entries({ simd: ["simd"], scalar: ["scalar"], js: ["js"], slices: [] })) {
  test(`golden puzzles are solved by ${by}`, async () => {
    for (const { puzzles, solutions } of golden.cases) {
      const solved = await page(plan).solve(puzzles);
      assert.deepEqual(plain(solved.solutions), solutions);
      assert.equal(solved.by, { simd: "worker-wasm", scalar: "worker-wasm", js: "worker-js", slices: "slices" }[by]);
      assert.ok(Number.isInteger(solved.ms) && solved.ms >= 0);
      assert.ok(FakeWorker.made.every(({ terminated }) => terminated), "no worker stays behind");
    }
  });

  test(`the values of both functions are found by ${by}`, async () => {
    for (const { index, candidate, hash, memory } of golden.values_of_the_seed_of_zeros) {
      if (index > 1) continue;
      for (const [kind, target] of Object.entries({ hash, memory })) {
        const values = golden.values_of_the_seed_of_zeros.filter((value) => value.candidate === 0 && value.index < index);
        const targets = [...values.map((value) => value[kind]), target];
        const solved = await page(plan).solve({ kind, seed: "0".repeat(32), range: 16, targets });
        assert.deepEqual(plain(solved.solutions), [...values.map(() => 0), candidate]);
      }
    }
  });
}

test("progress rises, per puzzle and within one, up to one", async () => {
  for (const plan of [["simd"], []]) {
    const heard = [];
    await page(plan).solve(golden.cases[2].puzzles, { onProgress: (share) => heard.push(share) });
    assert.ok(heard.length >= 3);
    assert.ok(heard.every((share, at) => share > (heard[at - 1] || 0) && share <= 1));
    assert.equal(heard.at(-1), 1);
  }
});

test("who shows progress cannot stop it", async () => {
  const broken = () => {
    throw new Error("a fault of the page");
  };
  assert.deepEqual(plain((await page([]).solve(easy, { onProgress: broken })).solutions), right);
});

test("as many workers as cores, four at most, never more than puzzles", async () => {
  for (const [cores, puzzles, expect] of [[1, easy, 1], [2, easy, 2], [64, easy, 4], [8, golden.cases[1].puzzles, 1], [null, easy, 2]]) {
    await page(["simd"], cores).solve(puzzles);
    assert.equal(FakeWorker.made.length, expect, `${cores} cores`);
  }
});

for (const plan of [["missing"], ["forbidden"], ["dies"], ["missing", "dies"], ["liar"], ["simd", "dies", "missing", "js"]]) {
  test(`puzzles come back from workers: ${plan}`, async () => {
    const solved = await page(plan).solve(easy);
    assert.deepEqual(plain(solved.solutions), right);
    const alive = plan.some((kind) => ["simd", "js", "liar"].includes(kind));
    assert.equal(solved.by === "slices", !alive, solved.by);
  });
}

test("a worker that never answers gives its puzzle back", { timeout: 60_000 }, async () => {
  const { solve, tick } = page(["silent", "simd"], 2);
  let done = false;
  const solving = solve(easy).then((solved) => ((done = true), solved));
  while (FakeWorker.made[0].jobs === 0) await settled();
  assert.equal(FakeWorker.made[0].jobs, 1);
  while (FakeWorker.made[1].jobs < 15) await settled();
  assert.equal(done, false, "its puzzle is missing");
  for (let second = 0; second < 6; second += 1) {
    // The other one answers between two ticks, as it does between two seconds.
    for (let turn = 0; turn < 20; turn += 1) await settled();
    tick();
  }
  const solved = await solving;
  assert.deepEqual(plain(solved.solutions), right);
  assert.equal(solved.by, "worker-wasm");
});

test("where no worker starts in time the page begins by itself", async () => {
  const { solve, tick } = page(["mute"]);
  const solving = solve(easy);
  for (let second = 0; second < 3; second += 1) tick();
  const solved = await solving;
  assert.deepEqual(plain(solved.solutions), right);
  assert.equal(solved.by, "slices");
  assert.ok(FakeWorker.made.every(({ terminated }) => terminated));
});

test("a service at another origin gets no worker", async () => {
  const { solve } = page(["simd"]);
  const solved = await solve(easy, { base: "https://captcha.example.net/" });
  assert.equal(FakeWorker.made.length, 0);
  assert.equal(solved.by, "slices");
});

test("an abort ends it: before, while workers work, and between slices", async () => {
  for (const plan of [["mute"], ["silent"], []]) {
    const { solve, timers } = page(plan);
    await assert.rejects(solve(easy, { signal: AbortSignal.abort() }), { name: "AbortError" });
    const control = new AbortController();
    const solving = solve({ ...easy, targets: ["0".repeat(16)], range: 1 << 24 }, { signal: control.signal });
    while (plan[0] === "silent" && FakeWorker.made[0].jobs === 0) await settled();
    await settled();
    control.abort(new Error("enough"));
    await assert.rejects(solving, /enough/);
    assert.equal(timers.size, 0);
    assert.ok(FakeWorker.made.every(({ terminated }) => terminated));
    await settled();
  }
});

test("puzzles that have no solution are refused, not searched for ever", async () => {
  for (const plan of [["simd"], ["js"], []]) {
    for (const kind of ["hash", "memory"]) {
      await assert.rejects(page(plan).solve({ kind, seed: "0".repeat(32), range: 32, targets: ["1".repeat(16)] }), /no solution/);
    }
  }
});

test("what is no list of puzzles is refused", async () => {
  const bad = [{ kind: "scrypt" }, { seed: "abc" }, { seed: "" }, { range: 0 }, { range: 1 << 30 }, { range: NaN }, { targets: Array(65).fill("0".repeat(16)) }, { targets: undefined }];
  for (const change of bad) await assert.rejects(page(["simd"]).solve({ ...easy, ...change }), { name: "TypeError" });
  await assert.rejects(page(["simd"]).solve(null), { name: "TypeError" });
  assert.deepEqual(plain((await page(["simd"]).solve({ ...easy, targets: [] })).solutions), []);
});

test("the script is small and keeps to strict policies", () => {
  assert.ok(gzipSync(source, { level: 9 }).length <= 15 * 1024);
  assert.doesNotMatch(source, /\beval\b|new Function|Blob|blob:|createObjectURL|innerHTML|importScripts/);
});
