// @ts-check
// The challenge page: solves in the background, then shows the visitor what was asked for.
(() => {
  'use strict';

  /** @typedef {{ticket: string, work: any, step?: string, url?: string}} Step */
  /** @typedef {Record<'working'|'done'|'failed'|'sorry'|'cookies'|'clock'|'unreachable', string>} Say */

  const holder = document.getElementById('palisade');
  if (!holder) return;
  /** @type {Step & {say: Say, busy?: boolean}} */
  const page = JSON.parse(holder.textContent || '{}');
  const say = page.say;
  const base = new URL('.', /** @type {HTMLScriptElement} */ (document.currentScript).src).href;
  const tries = 3;
  const rounds = 4;
  let over = false;

  /** @param {string} id */
  const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
  const bar = /** @type {HTMLProgressElement} */ (part('bar'));
  const again = /** @type {HTMLButtonElement} */ (part('again'));
  const sealed = /** @type {HTMLFormElement | null} */ (document.getElementById('sealed'));

  /** @param {string} text */
  const tell = (text) => {
    if (part('say').textContent !== text) part('say').textContent = text;
  };

  /** Never backwards: a second round goes on where the first one ended. @param {number} share */
  const progress = (share) => {
    bar.value = Math.max(bar.value, Math.min(99, Math.round(share * 100)));
  };

  /** @param {number} ms */
  const pause = (ms) => new Promise((go) => setTimeout(go, ms));

  class Failed extends Error {
    /** @param {string} code */
    constructor(code) {
      super(code);
      this.code = code;
    }
  }

  /**
   * Posts and reads JSON; a connection that breaks is tried again.
   * @param {string} path
   * @param {object} body
   * @returns {Promise<any>}
   */
  const post = async (path, body) => {
    for (let turn = 1; ; turn += 1) {
      try {
        const answer = await fetch(base + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/json' },
          body: JSON.stringify(body),
          credentials: 'same-origin',
          cache: 'no-store',
        });
        if (answer.status < 500) return await answer.json();
      } catch (_) {
        // Told below, where it stays so.
      }
      if (turn === tries) throw new Failed('unreachable');
      await pause(400 * turn * turn);
    }
  };

  const leave = () => {
    over = true;
    progress(1);
    bar.value = 100;
    tell(say.done);
    if (sealed) sealed.submit();
    else location.reload();
  };

  /** @param {string} code */
  const fail = (code) => {
    const reasons = { 'cookies-off': say.cookies, 'ticket-from-the-future': say.clock, unreachable: say.unreachable };
    part('main').removeAttribute('aria-busy');
    bar.hidden = true;
    document.title = say.failed;
    part('title').textContent = say.failed;
    part('text').hidden = true;
    tell(/** @type {Record<string, string>} */ (reasons)[code] || say.sorry);
    part('code').textContent = code;
    part('why').hidden = false;
    again.hidden = false;
    again.focus();
  };

  const run = async () => {
    if (!navigator.cookieEnabled) throw new Failed('cookies-off');
    const seen = window.palisadeCollect ? window.palisadeCollect.start({}) : null;
    /** @type {Step} */
    let step = page;
    let code = 'try-again';
    try {
      for (let round = 0; round < rounds; round += 1) {
        if (step.step === 'no-script' && step.url) {
          over = true;
          location.replace(step.url);
          return;
        }
        /** @type {Record<string, unknown>} */
        const body = { ticket: step.ticket };
        if (step.work) {
          body.work = await window.palisadeWork.solve(step.work, {
            base,
            onProgress: (/** @type {number} */ share) => progress(share * 0.95),
          });
        }
        if (seen) body.data = seen.snapshot();
        const answer = await post('answer', body);
        if (answer.success) return leave();
        code = (answer['error-codes'] || [])[0] || code;
        if (answer.next) {
          step = answer.next;
        } else if (/^(expired|spent)-ticket$|^ticket-before-restart$/.test(code)) {
          step = await post('challenge', {});
          if (!step.ticket) break;
        } else {
          break;
        }
      }
    } finally {
      if (seen) seen.stop();
    }
    throw new Failed(code);
  };

  const start = () => {
    part('live').hidden = false;
    part('late').hidden = true;
    run().catch((fault) => fail(fault instanceof Failed ? fault.code : 'solver-failed'));
  };

  again.addEventListener('click', () => (sealed ? sealed.submit() : location.reload()));
  // Shown again from memory by the back button: what it waited for is done.
  addEventListener('pageshow', (event) => {
    if (event.persisted && over) location.reload();
  });
  start();
})();
