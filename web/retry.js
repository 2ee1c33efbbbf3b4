// @ts-check
// For pages whose calls are challenged: solves in the background and sends the call once more.
// <script src="/.palisade/retry.js"></script> before other scripts.
(() => {
  'use strict';

  const SIGN = 'X-Palisade-Challenge';
  // After an answer that was not taken: calls that come meanwhile get their 403.
  const REST_MS = 10_000;
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  const home = script && script.src;
  const plainFetch = window.fetch.bind(window);

  /** One answer at a time for each challenger: calls that fail together wait for the same one. Null where nobody could be asked.
   * @type {Map<string, Promise<boolean | null>>} */
  const underway = new Map();

  /**
   * @param {string} url
   * @param {object} body
   * @returns {Promise<any>}
   */
  const post = async (url, body) => {
    const answer = await plainFetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      credentials: 'include',
      cache: 'no-store',
    });
    return answer.json();
  };

  /**
   * Solves what `base` asks for.
   * @param {string} base
   * @returns {Promise<boolean>} true where the call is worth sending again
   */
  const solve = async (base) => {
    const seen = palisadeCollect.start();
    try {
      return await climb(base, seen);
    } finally {
      seen.stop();
    }
  };

  /**
   * @param {string} base
   * @param {ReturnType<typeof palisadeCollect.start>} seen
   */
  const climb = async (base, seen) => {
    let step = await post(base + 'challenge', {});
    for (let round = 0; round < 3 && step && step.ticket && step.step !== 'no-script'; round += 1) {
      /** @type {Record<string, unknown>} */
      const body = { ticket: step.ticket };
      if (step.work) body.work = await palisadeWork.solve(step.work, { base: new URL('.', home || base).href });
      body.data = seen.snapshot();
      const answer = await post(base + 'answer', body);
      if (answer.success) return true;
      step = answer.next;
    }
    return false;
  };

  /**
   * What `promise` comes to, or the reason of `signal` as soon as that is aborted.
   * @template T
   * @param {Promise<T>} promise
   * @param {AbortSignal | null | undefined} signal
   * @returns {Promise<T>}
   */
  const unlessAborted = (promise, signal) => {
    if (!signal) return promise;
    return new Promise((go, stop) => {
      const abort = () => stop(signal.reason || new DOMException('The call was aborted.', 'AbortError'));
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
      promise.then(go, stop).finally(() => signal.removeEventListener('abort', abort));
    });
  };

  /**
   * Where `sign`, the header of an answer to a call of `url`, says that challenges are answered; null where it says so
   * for another site than the one that was called.
   * @param {string | null} sign
   * @param {string} url
   */
  const challenger = (sign, url) => {
    if (!sign) return null;
    const asked = new URL(url, location.href);
    const said = new URL(sign, asked);
    return said.origin === asked.origin ? new URL('.', said).href : null;
  };

  /**
   * @param {string} base
   * @returns {Promise<boolean | null>}
   */
  const passed = (base) => {
    let going = underway.get(base);
    if (!going) {
      going = solve(base).catch(() => null);
      underway.set(base, going);
      going.then((yes) => setTimeout(() => underway.delete(base), yes === false ? REST_MS : 0));
    }
    return going;
  };

  window.fetch = async (input, init) => {
    // A body that is a stream can be read once; one that was read is gone.
    const streams = !!(init && init.body instanceof ReadableStream);
    const copy = !streams && input instanceof Request && !input.bodyUsed ? input.clone() : null;
    const answer = await plainFetch(input, init);
    const url = input instanceof Request ? input.url : String(input);
    const base = answer.status === 403 ? challenger(answer.headers.get(SIGN), url) : null;
    if (!base || streams) return answer;
    const signal = init && init.signal !== undefined ? init.signal : input instanceof Request ? input.signal : null;
    if (!(await unlessAborted(passed(base), signal))) return answer;
    return plainFetch(copy || input, init);
  };

  const Plain = window.XMLHttpRequest;

  /** An XMLHttpRequest whose first answer is held back where it is a challenge. */
  class Repeating extends Plain {
    constructor() {
      super();
      /** @type {{ open: any[], headers: [string, string][], body?: any } | null} */
      this.palisade = null;
      /** The call whose events are held back, while its challenge is solved.
       * @type {object | null} */
      this.palisadeHeld = null;
      for (const name of ['readystatechange', 'load', 'loadend', 'progress']) {
        // The first listener of all: where it holds an event back, nobody else hears it.
        this.addEventListener(name, (event) => this.palisadeLook(event), { capture: true });
      }
    }

    /** @param {Event} event */
    palisadeLook(event) {
      if (!this.palisadeHeld) {
        const call = this.palisade;
        if (!call || this.readyState < 2 || this.status !== 403) return;
        const base = challenger(this.getResponseHeader(SIGN), this.responseURL || String(call.open[1]));
        if (!base) return;
        this.palisadeHeld = call;
        this.palisade = null;
        passed(base).then((yes) => {
          if (this.palisadeHeld === call) this.palisadeAgain(yes, call);
        });
      }
      event.stopImmediatePropagation();
    }

    /**
     * @param {boolean | null} yes
     * @param {any} call
     */
    palisadeAgain(yes, call) {
      this.palisadeHeld = null;
      if (!yes) {
        // What is still to come is heard as it comes; what was held back is said now.
        if (this.readyState !== 4) return;
        this.dispatchEvent(new Event('readystatechange'));
        for (const name of ['load', 'loadend']) this.dispatchEvent(new ProgressEvent(name));
        return;
      }
      const { timeout, withCredentials, responseType } = this;
      super.open(call.open[0], call.open[1], true, call.open[3], call.open[4]);
      Object.assign(this, { timeout, withCredentials, responseType });
      for (const [name, value] of call.headers) super.setRequestHeader(name, value);
      super.send(call.body);
    }

    /**
     * @param {string} method
     * @param {string | URL} url
     * @param {boolean} [async]
     * @param {string | null} [user]
     * @param {string | null} [password]
     */
    open(method, url, async = true, user = null, password = null) {
      // A synchronous call cannot wait.
      this.palisadeHeld = null;
      this.palisade = async ? { open: [method, url, true, user, password], headers: [] } : null;
      super.open(method, url, async, user, password);
    }

    /**
     * @param {string} name
     * @param {string} value
     */
    setRequestHeader(name, value) {
      super.setRequestHeader(name, value);
      if (this.palisade) this.palisade.headers.push([name, value]);
    }

    abort() {
      const held = this.palisadeHeld;
      this.palisadeHeld = this.palisade = null;
      const done = this.readyState === 4;
      super.abort();
      // For the browser it had ended; for the page it was still under way.
      if (held && done) for (const name of ['abort', 'loadend']) this.dispatchEvent(new ProgressEvent(name));
    }

    /** @param {any} [body] */
    send(body) {
      if (this.palisade) this.palisade.body = body;
      super.send(body);
    }
  }
  window.XMLHttpRequest = Repeating;
})();
