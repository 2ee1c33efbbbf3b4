// Solves the puzzles of a proof of work. One file for both sides: in a worker it searches, in a page it hands out and collects.
(() => {
  "use strict";

  /**
   * One puzzle: `at` of `seed` and `index` has the value `target` for one candidate below `range`.
   * @typedef {{ kind: string, seed: number[], index: number, target: number[], range: number }} Job
   * @typedef {(from: number, end: number) => number} Scan The candidate from `from` up to `end` that solves it, or -1.
   * @typedef {(job: Job) => Scan} Kernel
   */

  const NAMES = ["worker-wasm", "worker-js", "slices"];
  const WALK = 32768;
  const STEPS = 16384;
  const FACTOR = 0x9e3779b1 | 0;
  const { imul } = Math;
  const ROUND = new Int32Array([
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
  ]);

  const words = new Int32Array(64);
  const digest = new Int32Array(8);
  /** @type {Int32Array | undefined} */
  let memory;

  /** The digest of the one block in `words` (FIPS 180-4). */
  const compress = () => {
    const w = words;
    for (let i = 16; i < 64; i += 1) {
      const x = w[i - 15];
      const y = w[i - 2];
      const s = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const t = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16] + w[i - 7] + s + t) | 0;
    }
    let a = 0x6a09e667;
    let b = 0xbb67ae85 | 0;
    let c = 0x3c6ef372;
    let d = 0xa54ff53a | 0;
    let e = 0x510e527f;
    let f = 0x9b05688c | 0;
    let g = 0x1f83d9ab;
    let h = 0x5be0cd19;
    for (let i = 0; i < 64; i += 1) {
      const s = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t = (h + s + ((e & f) ^ (~e & g)) + ROUND[i] + w[i]) | 0;
      const u = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      h = g;
      g = f;
      f = e;
      e = (d + t) | 0;
      d = c;
      c = b;
      b = a;
      a = (t + u + ((b & c) ^ (b & d) ^ (c & d))) | 0;
    }
    digest[0] = a + 0x6a09e667;
    digest[1] = b + 0xbb67ae85;
    digest[2] = c + 0x3c6ef372;
    digest[3] = d + 0xa54ff53a;
    digest[4] = e + 0x510e527f;
    digest[5] = f + 0x9b05688c;
    digest[6] = g + 0x1f83d9ab;
    digest[7] = h + 0x5be0cd19;
  };

  /** The digest of a message of so many words. @type {(message: Int32Array, count: number) => void} */
  const hash = (message, count) => {
    words.fill(0, 0, 16);
    for (let i = 0; i < count; i += 1) words[i] = message[i];
    words[count] = 1 << 31;
    words[15] = count * 32;
    compress();
  };

  /** From the key in `digest` to the value in it. */
  const walk = () => {
    const m = memory || (memory = new Int32Array(WALK));
    const x = digest;
    let a = 0x61707865, b = 0x3320646e, c = 0x79622d32, d = 0x6b206574;
    let e = x[0], f = x[1], g = x[2], h = x[3], i = x[4], j = x[5], k = x[6], l = x[7];
    let n = 0, o = 0, p = 0, q = 0;
    for (let at = 0; at < WALK; at += 16) {
      a = (a + e) | 0; n ^= a; n = (n << 16) | (n >>> 16); i = (i + n) | 0; e ^= i; e = (e << 12) | (e >>> 20);
      a = (a + e) | 0; n ^= a; n = (n << 8) | (n >>> 24); i = (i + n) | 0; e ^= i; e = (e << 7) | (e >>> 25);
      b = (b + f) | 0; o ^= b; o = (o << 16) | (o >>> 16); j = (j + o) | 0; f ^= j; f = (f << 12) | (f >>> 20);
      b = (b + f) | 0; o ^= b; o = (o << 8) | (o >>> 24); j = (j + o) | 0; f ^= j; f = (f << 7) | (f >>> 25);
      c = (c + g) | 0; p ^= c; p = (p << 16) | (p >>> 16); k = (k + p) | 0; g ^= k; g = (g << 12) | (g >>> 20);
      c = (c + g) | 0; p ^= c; p = (p << 8) | (p >>> 24); k = (k + p) | 0; g ^= k; g = (g << 7) | (g >>> 25);
      d = (d + h) | 0; q ^= d; q = (q << 16) | (q >>> 16); l = (l + q) | 0; h ^= l; h = (h << 12) | (h >>> 20);
      d = (d + h) | 0; q ^= d; q = (q << 8) | (q >>> 24); l = (l + q) | 0; h ^= l; h = (h << 7) | (h >>> 25);
      a = (a + f) | 0; q ^= a; q = (q << 16) | (q >>> 16); k = (k + q) | 0; f ^= k; f = (f << 12) | (f >>> 20);
      a = (a + f) | 0; q ^= a; q = (q << 8) | (q >>> 24); k = (k + q) | 0; f ^= k; f = (f << 7) | (f >>> 25);
      b = (b + g) | 0; n ^= b; n = (n << 16) | (n >>> 16); l = (l + n) | 0; g ^= l; g = (g << 12) | (g >>> 20);
      b = (b + g) | 0; n ^= b; n = (n << 8) | (n >>> 24); l = (l + n) | 0; g ^= l; g = (g << 7) | (g >>> 25);
      c = (c + h) | 0; o ^= c; o = (o << 16) | (o >>> 16); i = (i + o) | 0; h ^= i; h = (h << 12) | (h >>> 20);
      c = (c + h) | 0; o ^= c; o = (o << 8) | (o >>> 24); i = (i + o) | 0; h ^= i; h = (h << 7) | (h >>> 25);
      d = (d + e) | 0; p ^= d; p = (p << 16) | (p >>> 16); j = (j + p) | 0; e ^= j; e = (e << 12) | (e >>> 20);
      d = (d + e) | 0; p ^= d; p = (p << 8) | (p >>> 24); j = (j + p) | 0; e ^= j; e = (e << 7) | (e >>> 25);
      m[at] = a; m[at + 1] = b; m[at + 2] = c; m[at + 3] = d; m[at + 4] = e; m[at + 5] = f; m[at + 6] = g; m[at + 7] = h;
      m[at + 8] = i; m[at + 9] = j; m[at + 10] = k; m[at + 11] = l; m[at + 12] = n; m[at + 13] = o; m[at + 14] = p; m[at + 15] = q;
    }
    a = x[0]; b = x[1]; c = x[2]; d = x[3]; e = x[4]; f = x[5]; g = x[6]; h = x[7];
    for (let step = 0; step < STEPS; step += 1) {
      i = (a >>> 2) & 32767; j = m[i]; a = (imul(a ^ j, FACTOR) + b) | 0; a = (a << 15) | (a >>> 17); m[i] = j + a;
      i = (b >>> 2) & 32767; j = m[i]; b = (imul(b ^ j, FACTOR) + c) | 0; b = (b << 15) | (b >>> 17); m[i] = j + b;
      i = (c >>> 2) & 32767; j = m[i]; c = (imul(c ^ j, FACTOR) + d) | 0; c = (c << 15) | (c >>> 17); m[i] = j + c;
      i = (d >>> 2) & 32767; j = m[i]; d = (imul(d ^ j, FACTOR) + e) | 0; d = (d << 15) | (d >>> 17); m[i] = j + d;
      i = (e >>> 2) & 32767; j = m[i]; e = (imul(e ^ j, FACTOR) + f) | 0; e = (e << 15) | (e >>> 17); m[i] = j + e;
      i = (f >>> 2) & 32767; j = m[i]; f = (imul(f ^ j, FACTOR) + g) | 0; f = (f << 15) | (f >>> 17); m[i] = j + f;
      i = (g >>> 2) & 32767; j = m[i]; g = (imul(g ^ j, FACTOR) + h) | 0; g = (g << 15) | (g >>> 17); m[i] = j + g;
      i = (h >>> 2) & 32767; j = m[i]; h = (imul(h ^ j, FACTOR) + a) | 0; h = (h << 15) | (h >>> 17); m[i] = j + h;
    }
    x[0] = a; x[1] = b; x[2] = c; x[3] = d; x[4] = e; x[5] = f; x[6] = g; x[7] = h;
    hash(x, 8);
  };

  /** @type {Kernel} */
  const script = ({ kind, seed, index, target }) => {
    const message = new Int32Array([...seed, index, 0]);
    const [first, second] = target;
    return (from, end) => {
      for (let candidate = from; candidate < end; candidate += 1) {
        message[5] = candidate;
        hash(message, 6);
        if (kind === "memory") walk();
        if (digest[0] === first && digest[1] === second) return candidate;
      }
      return -1;
    };
  };

  // In a worker ------------------------------------------------------------------------------------------------------

  const BATCH_MS = 40;
  const FETCH_MS = 4000;
  // The shortest module that needs vectors.
  const VECTORS = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

  /** @type {(url: URL) => Promise<WebAssembly.WebAssemblyInstantiatedSource>} */
  const instantiate = async (url) => {
    try {
      return await WebAssembly.instantiateStreaming(fetch(url));
    } catch {
      // An old engine, or a proxy that changed the type.
      return WebAssembly.instantiate(await (await fetch(url)).arrayBuffer());
    }
  };

  /** @type {(from: string) => Promise<Kernel>} */
  const wasm = async (from) => {
    const name = WebAssembly.validate(new Uint8Array(VECTORS)) ? "work-simd.wasm" : "work.wasm";
    const { exports } = (await instantiate(new URL(name, from))).instance;
    const view = new Int32Array(/** @type {WebAssembly.Memory} */ (exports.memory).buffer);
    return ({ kind, seed, index, target }) => {
      view.set([...seed, index, ...target]);
      return /** @type {Scan} */ (kind === "memory" ? exports.walk : exports.hash);
    };
  };

  /** @param {any} scope */
  const serve = async (scope) => {
    /** @type {Kernel | null} */
    let fast = null;
    /** @type {(job: Job, kernel: Kernel) => number} */
    const search = (job, kernel) => {
      const scan = kernel(job);
      let count = job.kind === "memory" ? 4 : 4096;
      // A clock that is coarse on purpose must not make batches that look like a dead worker.
      const most = count * 32;
      for (let from = 0; from < job.range; ) {
        const began = performance.now();
        const end = Math.min(from + count, job.range);
        const found = scan(from, end);
        if (found >= 0) return found;
        from = end;
        scope.postMessage({ index: job.index, at: from });
        if (count < most && performance.now() - began < BATCH_MS / 2) count *= 2;
      }
      return -1;
    };
    scope.onmessage = (/** @type {MessageEvent<Job>} */ { data }) => {
      let solution = fast ? search(data, fast) : -1;
      let by = fast ? 0 : 1;
      if (solution < 0) {
        // An engine that miscounts would be found out here.
        fast = null;
        by = 1;
        solution = search(data, script);
      }
      scope.postMessage({ index: data.index, solution, by });
    };
    try {
      const late = new Promise((resolve) => setTimeout(resolve, FETCH_MS, null));
      fast = /** @type {Kernel | null} */ (await Promise.race([wasm(scope.location.href), late]));
    } catch {
      // The policy forbids it, or the engine has none.
    }
    scope.postMessage({ ready: true });
  };

  // In a page --------------------------------------------------------------------------------------------------------

  const WORKERS = 4;
  const TICK_MS = 1000;
  /** A worker that says nothing for so many ticks is given up, whether it starts or works. */
  const SILENT_TICKS = 4;
  /** After so many ticks without any worker the page begins by itself. */
  const PATIENT_TICKS = 2;
  const SLICE_MS = 8;
  const SLICE = { hash: 4096, memory: 16 };
  const STRIDE = { hash: 64, memory: 1 };

  /** @type {(hex: string) => number[]} */
  const numbers = (hex) => (hex.match(/.{8}/g) || []).map((word) => parseInt(word, 16) | 0);

  /** @type {(puzzles: Puzzles) => Job[]} */
  const jobs = ({ kind, seed, range, targets }) => {
    const known = kind === "hash" || kind === "memory";
    const words = numbers(seed);
    if (!known || words.length !== 4 || !(range > 0 && range <= 1 << 24) || targets.length > 64) throw new TypeError("no puzzles");
    return targets.map((target, index) => ({ kind, seed: words, index, target: numbers(target), range }));
  };

  /** @type {(base: string) => string | null} */
  const workerUrl = (base) => {
    if (typeof Worker === "undefined" || typeof location === "undefined") return null;
    try {
      const url = new URL(`${base}captcha/work.js`, location.href);
      return url.origin === location.origin ? url.href : null;
    } catch {
      return null;
    }
  };

  /** @type {Solver["solve"]} */
  const solve = (puzzles, { base, onProgress, signal }) =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      const waiting = jobs(puzzles);
      const shares = waiting.map(() => 0);
      /** @type {number[]} */
      const solutions = [];
      let left = waiting.length;
      let by = 0;
      let told = -1;
      let over = false;
      let slicing = false;
      let ticks = 0;
      /** @typedef {{ worker: Worker, job: Job | null, ready: boolean, silent: number }} Hand */
      /** @type {Set<Hand>} */
      const hands = new Set();
      const channel = new MessageChannel();

      /** @type {(settle: () => void) => void} */
      const end = (settle) => {
        if (over) return;
        over = true;
        clearInterval(timer);
        channel.port1.close();
        if (signal) signal.removeEventListener("abort", abort);
        hands.forEach(({ worker }) => worker.terminate());
        hands.clear();
        settle();
      };
      const abort = () => end(() => reject((signal && signal.reason) || new DOMException("aborted", "AbortError")));

      /** @type {(index: number, share: number) => void} */
      const tell = (index, share) => {
        shares[index] = share;
        const all = shares.reduce((sum, one) => sum + one, 0) / (shares.length || 1);
        if (!onProgress || all <= told) return;
        told = all;
        try {
          onProgress(all);
        } catch {
          // Who shows progress does not decide whether there is any.
        }
      };

      /** @type {(index: number, solution: number, how: number) => void} */
      const solved = (index, solution, how) => {
        if (over) return;
        if (solution < 0) return end(() => reject(new Error(`puzzle ${index} has no solution`)));
        solutions[index] = solution;
        by = Math.max(by, how);
        left -= 1;
        tell(index, 1);
        if (left === 0) end(() => resolve({ solutions, ms: Math.round(performance.now() - began), by: NAMES[by] }));
      };

      /** @type {(hand: Hand) => void} */
      const give = (hand) => {
        hand.silent = 0;
        hand.job = waiting.shift() || null;
        if (hand.job) hand.worker.postMessage(hand.job);
      };

      /** What it had is for others. @type {(hand: Hand) => void} */
      const bury = (hand) => {
        if (!hands.delete(hand)) return;
        hand.worker.terminate();
        if (hand.job) waiting.unshift(hand.job);
        hands.forEach((other) => {
          if (other.ready && !other.job) give(other);
        });
        if (hands.size === 0) slice();
      };

      /** @type {(hand: Hand, data: { ready?: boolean, index: number, at?: number, solution: number, by: number }) => void} */
      const heard = (hand, { ready, index, at, solution, by: how }) => {
        if (over || !hands.has(hand)) return;
        hand.silent = 0;
        if (ready) {
          hand.ready = true;
          give(hand);
        } else if (at !== undefined) {
          tell(index, at / puzzles.range);
        } else {
          hand.job = null;
          solved(index, solution, how);
          if (!over) give(hand);
        }
      };

      /** Takes puzzles too, a few milliseconds at a time, until none waits. */
      const slice = () => {
        if (slicing || over) return;
        slicing = true;
        const { kind, range } = puzzles;
        /** @type {Job | undefined} */
        let job;
        /** @type {Scan} */
        let scan;
        let from = 0;
        const turn = () => {
          const start = performance.now();
          for (let count = 0; !over && count < SLICE[kind] && performance.now() - start < SLICE_MS; count += STRIDE[kind]) {
            if (!job) {
              job = waiting.shift();
              if (!job) {
                slicing = false;
                return;
              }
              scan = script(job);
              from = 0;
            }
            const stop = Math.min(from + STRIDE[kind], range);
            const found = scan(from, stop);
            from = stop;
            if (found >= 0 || stop === range) {
              const { index } = job;
              job = undefined;
              solved(index, found, 2);
            }
          }
          if (over) return;
          if (job) tell(job.index, from / range);
          channel.port2.postMessage(0);
        };
        channel.port1.onmessage = turn;
        channel.port2.postMessage(0);
      };

      const timer = setInterval(() => {
        ticks += 1;
        let ready = false;
        hands.forEach((hand) => {
          ready = ready || hand.ready;
          if (hand.ready && !hand.job) return;
          hand.silent += 1;
          if (hand.silent > (hand.ready ? SILENT_TICKS : 4 * SILENT_TICKS)) bury(hand);
        });
        if (!ready && ticks >= PATIENT_TICKS) slice();
      }, TICK_MS);

      if (signal && signal.aborted) return abort();
      if (signal) signal.addEventListener("abort", abort);
      if (left === 0) return end(() => resolve({ solutions, ms: 0, by: NAMES[0] }));
      const url = workerUrl(base);
      const count = url ? Math.min(WORKERS, waiting.length, navigator.hardwareConcurrency || 2) : 0;
      for (let made = 0; made < count; made += 1) {
        try {
          const worker = new Worker(/** @type {string} */ (url));
          /** @type {Hand} */
          const hand = { worker, job: null, ready: false, silent: 0 };
          worker.onmessage = ({ data }) => heard(hand, data);
          worker.onmessageerror = () => bury(hand);
          worker.onerror = (event) => {
            event.preventDefault();
            bury(hand);
          };
          hands.add(hand);
        } catch {
          break;
        }
      }
      if (hands.size === 0) slice();
    });

  const scope = /** @type {any} */ (globalThis);
  if (typeof scope.WorkerGlobalScope === "function" && scope instanceof scope.WorkerGlobalScope) {
    serve(scope);
  } else if (!scope.palisadeWork) {
    scope.palisadeWork = { solve };
  }
})();
