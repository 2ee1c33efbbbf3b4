// @ts-check
// The challenge page: solves in the background, then shows the visitor what was asked for.
(() => {
  'use strict';

  /** @typedef {{ ticket: string, work: Puzzles | null }} Step */
  /** @typedef {Record<'done' | 'failed' | 'sorry' | 'cookies' | 'clock' | 'unreachable', string>} Say */

  const holder = document.getElementById('palisade');
  if (!holder) return;
  /** @type {Step & { form: boolean, say: Say }} */
  const page = JSON.parse(holder.textContent || '{}');
  const say = page.say;
  const base = new URL('.', /** @type {HTMLScriptElement} */ (document.currentScript).src).href;
  const tries = 3;
  // How long an answer waits that came while too much was asked for from here.
  const busy = 12000;
  const rounds = 4;
  // What another load of the page would not mend.
  const final = ['cookies-off', 'ticket-from-the-future', 'too-many-tries', 'bad-request', 'too-large', 'try-again', 'refused'];
  let over = false;

  /** @param {string} id */
  const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
  const bar = /** @type {HTMLProgressElement} */ (part('bar'));
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById('form'));

  /** @param {number} share */
  const progress = (share) => {
    bar.value = Math.min(99, Math.round(share * 100));
  };

  /** @param {number} ms */
  const pause = (ms) => new Promise((go) => setTimeout(go, ms));

  /**
   * Why it was not taken. An answer without a code is none of ours: to load the page again would ask for it again.
   * @param {any} reply
   * @returns {string}
   */
  const codeOf = (reply) => (reply.success ? '' : (reply['error-codes'] || ['refused'])[0]);

  class Failed extends Error {
    /** @param {string} code */
    constructor(code) {
      super(code);
      this.code = code;
    }
  }

  /**
   * Brings an answer and reads the reply; a connection that breaks is tried again.
   * @param {object} body
   * @returns {Promise<any>}
   */
  const post = async (body) => {
    for (let turn = 1; ; turn += 1) {
      try {
        const reply = await fetch(`${base}answer`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
          credentials: 'same-origin',
          cache: 'no-store',
        });
        if (reply.status < 500) return await reply.json();
      } catch (_) {
        // Told below, where it stays so.
      }
      if (turn === tries) throw new Failed('unreachable');
      await pause(400 * turn * turn);
    }
  };

  /** To what was asked for: the form goes on, or the page comes again, in the place of this one. */
  const leave = () => {
    over = true;
    if (page.form && form) form.submit();
    else location.reload();
  };

  /** @param {string} code */
  const fail = (code) => {
    /** @type {Record<string, string>} */
    const reasons = { 'cookies-off': say.cookies, 'ticket-from-the-future': say.clock, unreachable: say.unreachable };
    part('main').className = 'failed';
    bar.hidden = part('text').hidden = true;
    document.title = part('title').textContent = say.failed;
    part('say').textContent = reasons[code] || say.sorry;
    part('code').textContent = code;
    part('why').hidden = part('again').hidden = false;
    part('again').focus();
  };

  const run = async () => {
    if (!navigator.cookieEnabled) throw new Failed('cookies-off');
    const seen = palisadeCollect.start();
    /** @type {Step | null} */
    let step = page;
    for (let round = 0; step && round < rounds; round += 1) {
      progress(0);
      /** @type {Record<string, unknown>} */
      const body = { ticket: step.ticket };
      if (step.work) body.work = await palisadeWork.solve(step.work, { base, onProgress: progress });
      body.data = seen.snapshot();
      let reply = await post(body);
      if (codeOf(reply) === 'try-again') {
        await pause(busy);
        reply = await post(body);
      }
      if (reply.success) {
        bar.value = 100;
        part('say').textContent = say.done;
        break;
      }
      const code = codeOf(reply);
      if (final.includes(code)) throw new Failed(code);
      step = reply.next;
    }
    seen.stop();
    leave();
  };

  part('again').addEventListener('click', leave);
  // Shown again from memory by the back button: what it waited for is done.
  addEventListener('pageshow', (event) => {
    if (event.persisted && over) location.reload();
  });
  part('live').hidden = false;
  if (form) form.hidden = true;
  run().catch((fault) => fail(fault instanceof Failed ? fault.code : 'solver-failed'));
})();
