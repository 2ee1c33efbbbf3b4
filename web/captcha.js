// The widget: tokens for forms and scripts. See docs/captcha.md.
(() => {
  "use strict";
  if (globalThis.AICaptcha) return;

  // The server puts the host's key here.
  const SITE_KEY = "__PALISADE_SITE_KEY__";
  const OWN_KEY = /^__/.test(SITE_KEY) ? "" : SITE_KEY;
  const FIELD = "captcha_token";
  const TIMEOUT_MS = 12000;
  const REQUEST_MS = 5000;
  // After a failure nothing is fetched ahead for a while.
  const REST_MS = 10000;
  // Another ticket may help with these.
  const NEW_TICKET =
    /^(expired-ticket|spent-ticket|ticket-before-restart|ticket-from-the-future|invalid-ticket|other-visitor|wrong-work|too-fast|try-again|unreachable)$/;

  /** Where this script came from. A module has no `currentScript`; an error's stack names it. */
  const HOME = (() => {
    const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
    if (script && script.dataset.base) return new URL(script.dataset.base, location.href).href;
    const named = `${(script && script.src) || ""} ${new Error().stack}`;
    const found = /(https?:\/\/[^\s()@]*\/)captcha\.js/.exec(named);
    return found ? found[1] : `${location.origin}/.palisade/`;
  })();

  const clock = () => performance.now();
  /** @type {(ms: number) => Promise<void>} */
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  /**
   * @param {string[]} codes
   * @returns {CaptchaError}
   */
  const failure = (codes) => Object.assign(new Error(`captcha: ${codes.join(", ")}`), { code: codes[0], codes });

  /** @type {(error: unknown) => string} */
  const codeOf = (error) => (error && /** @type {any} */ (error).code) || "failed";

  /**
   * @param {string} url
   * @param {object} body
   * @param {string} key
   * @param {AbortSignal} signal
   */
  const post = async (url, body, key, signal) => {
    const abort = new AbortController();
    const stop = () => abort.abort();
    const timer = setTimeout(stop, REQUEST_MS);
    signal.addEventListener("abort", stop);
    /** @type {Record<string, string>} */
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    if (key) headers.Authorization = `Bearer ${key}`;
    try {
      const options = { method: "POST", headers, body: JSON.stringify(body), signal: abort.signal };
      const reply = await fetch(url, options).catch(() => {
        throw failure(["unreachable"]);
      });
      const answer = await reply.json().catch(() => ({}));
      if (reply.ok) return answer;
      const codes = answer["error-codes"];
      if (Array.isArray(codes) && codes.length) throw failure(codes);
      throw failure([reply.status >= 500 || reply.status === 429 ? "try-again" : reply.status === 401 ? "invalid-site-key" : "bad-request"]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  };

  /** @type {Map<string, Promise<unknown>>} */
  const parts = new Map();
  /** Loads a part. `import` works under every policy that allowed this script, Trusted Types and nonces included.
   * @param {string} url */
  const part = (url) => {
    const load = parts.get(url) || import(url).catch(() => pause(500).then(() => import(`${url}?again`)));
    parts.set(url, load);
    return load.catch(() => {
      parts.delete(url);
      throw failure(["part-unavailable"]);
    });
  };

  /** @param {string} text */
  const digest = (text) => {
    let one = 0x811c9dc5, two = 0x9e3779b9;
    for (let at = 0; at < text.length; at += 1) {
      one = Math.imul(one ^ text.charCodeAt(at), 0x01000193);
      two = Math.imul(two ^ text.charCodeAt(at), 0x85ebca6b) ^ (two >>> 15);
    }
    return [one, two].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  };

  /** @type {Record<string, () => string>} */
  const CLAIMS = {
    canvas: () => {
      const canvas = document.createElement("canvas");
      const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      pen.font = "17px serif";
      pen.fillStyle = "#069";
      pen.fillText("Wall \u{1F332} 0.1", 4, 20);
      pen.globalCompositeOperation = "multiply";
      pen.fillStyle = "rgba(240,120,20,.6)";
      pen.arc(60, 20, 18, 0, 6);
      pen.fill();
      return canvas.toDataURL();
    },
    webgl: () => {
      const gl = /** @type {WebGLRenderingContext} */ (document.createElement("canvas").getContext("webgl"));
      const names = gl.getExtension("WEBGL_debug_renderer_info");
      /** @type {number[]} */
      const shown = [gl.VERSION, gl.RENDERER, gl.MAX_TEXTURE_SIZE, gl.MAX_VIEWPORT_DIMS];
      if (names) shown.push(names.UNMASKED_VENDOR_WEBGL, names.UNMASKED_RENDERER_WEBGL);
      return shown.map((name) => String(gl.getParameter(name))).join();
    },
    fonts: () => {
      const pen = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
      /** @param {string} font */
      const width = (font) => {
        pen.font = `40px ${font}`;
        return pen.measureText("mmWWlli0O&@").width;
      };
      const known = "Arial,Calibri,Cambria,Consolas,Courier New,DejaVu Sans,Georgia,Helvetica Neue,Liberation Sans,Menlo,Noto Sans,Roboto,Segoe UI,Tahoma,Ubuntu,Verdana";
      return known.split(",").filter((font) => ["serif", "monospace"].some((other) => width(`"${font}",${other}`) !== width(other))).join();
    },
    plugins: () => Array.from(navigator.plugins, (plugin) => plugin.name).join(),
  };

  const fingerprint = () => {
    /** @type {Record<string, string>} */
    const claims = {};
    for (const [name, read] of Object.entries(CLAIMS)) {
      try {
        claims[name] = digest(read());
      } catch (_) {
        claims[name] = "";
      }
    }
    return claims;
  };

  /**
   * @typedef {{ ticket: string, work: object | null, until: number }} Ready
   * @typedef {{ action: string, until: number, ready: Promise<Ready>, tell: ((share: number) => void)[] }} Slot
   */

  class AICaptcha {
    /** @param {CaptchaConfig} [config] */
    constructor(config = {}) {
      this.config = config;
      this.token = "";
      this._base = config.base ? new URL(config.base, location.href).href.replace(/\/?$/, "/") : HOME;
      this._keys = [config.publicKey || OWN_KEY, OWN_KEY].filter((key, at, all) => key && all.indexOf(key) === at);
      /** @type {Recording | null} */
      this._recording = null;
      /** @type {Slot | null} */
      this._slot = null;
      this._rest = 0;
      /** Puts a token where it leaves with `form`; "" takes it away.
       * @type {(form: HTMLFormElement, token: string) => void} */
      this._put = putField;
      /** @type {((state: string, detail: object) => void) | null} */
      this._told = null;
      if (config.autoIntercept) intercept(this);
      else {
        this._record();
        const ahead = () => void (this._recording && this.prepare());
        for (const name of ["pointerdown", "keydown", "focusin"]) {
          document.addEventListener(name, ahead, { capture: true, once: true, passive: true });
        }
      }
    }

    static get base() {
      return HOME;
    }

    /** How long `token` holds from now, in ms: its own times are compared with one another, not with a clock that may be wrong.
     * @param {string} token */
    static lifetime(token) {
      try {
        const { exp, iat } = JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
        return exp > iat ? (exp - iat) * 1000 : 120000;
      } catch (_) {
        return 120000;
      }
    }

    /** Lets `captcha` look after `form`; nobody, where it is null.
     * @param {HTMLFormElement} form
     * @param {AICaptcha | null} captcha */
    static adopt(form, captcha) {
      listen();
      if (captcha) owners.set(form, captcha);
      else owners.delete(form);
    }

    _record() {
      return this._recording || (this._recording = palisadeCollect.start());
    }

    /**
     * @param {string} action
     * @param {(share: number) => void} tell
     * @returns {Promise<Ready>}
     */
    async _ready(action, tell) {
      const abort = new AbortController();
      const timer = setTimeout(() => abort.abort(), 5 * TIMEOUT_MS);
      try {
        const asked = clock();
        const site_key = this._keys[0];
        const body = { ...(site_key && { site_key }), ...(action && { action }) };
        const { ticket, expires_ms, work } = await post(`${this._base}captcha/start`, body, site_key, abort.signal);
        // A length, or a time; a clock that is wrong makes neither too short nor endless.
        const holds = expires_ms > 1e11 ? expires_ms - Date.now() : expires_ms;
        const until = asked + Math.min(Math.max(holds - 5000 || 0, 20000), 600000);
        if (!work) return { ticket, work: null, until };
        const options = { base: this._base, onProgress: tell, signal: abort.signal };
        if (!globalThis.palisadeWork) await part(`${this._base}captcha/work.js`);
        const { solutions, ms, by } = await palisadeWork.solve(work, options);
        return { ticket, work: { solutions, ms, by }, until };
      } finally {
        clearTimeout(timer);
      }
    }

    /**
     * @param {string} action
     * @param {(share: number) => void} [onProgress]
     */
    _ahead(action, onProgress) {
      let slot = this._slot;
      if (!slot || slot.action !== action || slot.until <= clock()) {
        /** @type {Slot} */
        const made = {
          action,
          until: Infinity,
          tell: [],
          ready: this._ready(action, (share) => made.tell.forEach((tell) => tell(share))),
        };
        made.ready.then(
          (ready) => {
            made.until = ready.until;
          },
          () => {
            if (this._slot === made) this._slot = null;
            this._rest = clock() + REST_MS;
          },
        );
        slot = this._slot = made;
      }
      if (onProgress) slot.tell.push(onProgress);
      return slot;
    }

    /** @param {(share: number) => void} [onProgress] */
    async prepare(onProgress) {
      if (!this._slot && clock() < this._rest) return;
      await this._ahead(this.config.action || "", onProgress).ready.catch(() => {});
    }

    /** @param {{ action?: string, form?: HTMLFormElement }} [options] */
    executeAsync(options = {}) {
      const abort = new AbortController();
      const limit = this.config.timeout || TIMEOUT_MS;
      /** @type {Promise<never>} */
      const late = new Promise((_, reject) => {
        const timer = setTimeout(() => {
          reject(failure(["timeout"]));
          abort.abort();
        }, limit);
        abort.signal.addEventListener("abort", () => clearTimeout(timer));
      });
      late.catch(() => {});
      return Promise.race([this._execute(options, abort.signal), late]).finally(() => abort.abort());
    }

    /**
     * @param {{ action?: string, form?: HTMLFormElement }} options
     * @param {AbortSignal} signal
     * @returns {Promise<string>}
     */
    async _execute(options, signal) {
      const recording = this._record();
      if (options.form) recording.watch(options.form);
      const action = options.action || this.config.action || "";
      for (let tries = 1; ; tries += 1) {
        try {
          const { ready } = this._ahead(action);
          const { ticket, work } = await ready;
          // A ticket is good for one answer.
          if (this._slot && this._slot.ready === ready) this._slot = null;
          const data = {
            ...recording.snapshot(),
            ticket,
            ...(work && { work }),
            ...(action && { action }),
            ...(this.config.fingerprint && { fingerprint: fingerprint() }),
          };
          const { token } = await post(`${this._base}api/challenge`, { data }, this._keys[0], signal);
          if (typeof token !== "string") throw failure(["bad-answer"]);
          this.token = token;
          return token;
        } catch (error) {
          const code = codeOf(error);
          if (signal.aborted || tries > 3) throw error;
          if (/^(invalid-site-key|hostname-not-allowed)$/.test(code) && this._keys.length > 1) {
            console.warn(`palisade captcha: ${code}: the host's own key is tried`);
            this._keys.shift();
          } else if (NEW_TICKET.test(code) && tries < 3) {
            await pause(/too-fast|try-again/.test(code) ? 1000 : /unreachable/.test(code) ? 400 : 0);
          } else throw error;
        }
      }
    }

    /** Nothing is recorded from here on, and no form waits, until a token is asked for. */
    stop() {
      if (auto === this) auto = null;
      if (this._recording) this._recording.stop();
      this._recording = null;
    }

    reset() {
      const forms = auto === this;
      this.stop();
      this.token = "";
      this._slot = null;
      if (!forms) return void this._record();
      auto = this;
      for (const form of Array.from(document.forms)) if (ownerOf(form) === this) this._put(form, "");
      awaitForms(this);
    }
  }

  // Forms that wait for their token, forms that go on with it, and forms that an element looks after.
  /** @type {WeakSet<HTMLFormElement>} */
  let held = new WeakSet();
  /** @type {WeakSet<HTMLFormElement>} */
  const passing = new WeakSet();
  /** @type {WeakMap<HTMLFormElement, AICaptcha>} */
  const owners = new WeakMap();
  /** @type {AICaptcha | null} */
  let auto = null;

  // A form's own properties are hidden by fields named like them.
  const { getAttribute, setAttribute, removeAttribute, querySelectorAll } = Element.prototype;

  /** @type {(form: HTMLFormElement, token: string) => void} */
  const putField = (form, token) => {
    const fields = /** @type {NodeListOf<HTMLInputElement>} */ (querySelectorAll.call(form, `input[name=${FIELD}]`));
    if (!token) {
      for (const field of fields) field.value = "";
      for (const field of fields) if (field.dataset.palisade) field.remove();
      return;
    }
    let field = fields[0];
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = FIELD;
      field.dataset.palisade = "token";
      Node.prototype.appendChild.call(form, field);
    }
    field.value = token;
  };

  /** @type {(target: EventTarget, name: string, detail: object) => void} */
  const emit = (target, name, detail) => {
    const event = new CustomEvent(`palisade:${name}`, { bubbles: true, composed: true, detail });
    EventTarget.prototype.dispatchEvent.call(target, event);
  };

  /**
   * Whose form this is. A token does not belong into an address: forms that are got are left alone, unless they ask.
   * @param {HTMLFormElement} form
   * @param {Element | null} [submitter]
   */
  const ownerOf = (form, submitter) => {
    const own = owners.get(form);
    if (own || !auto) return own || null;
    const wish = getAttribute.call(form, "data-palisade");
    if (wish === "on" || wish === "off") return wish === "on" ? auto : null;
    const method = (submitter && submitter.getAttribute("formmethod")) || getAttribute.call(form, "method");
    // With neither method nor action it is a script that sends it.
    const posted = method ? /^post$/i.test(method) : getAttribute.call(form, "action") === null;
    return posted ? auto : null;
  };

  /** For browsers that do not say which button it was.
   * @type {HTMLElement | null} */
  let pressed = null;

  /** @param {Event} event */
  const onSubmit = (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || passing.has(form)) return;
    const submitter = /** @type {SubmitEvent} */ (event).submitter || pressed;
    const captcha = ownerOf(form, submitter);
    if (!captcha || event.defaultPrevented) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (held.has(form)) return;
    held.add(form);
    setAttribute.call(form, "aria-busy", "true");
    const mine = held;
    tell(captcha, form, "working", {});
    captcha
      .executeAsync({ form })
      .then(
        (token) => {
          captcha._put(form, token);
          tell(captcha, form, "verified", { token });
        },
        (error) => {
          // Nobody is kept from sending: what a form without a token is worth is for the site's server to say.
          const code = codeOf(error);
          console.warn(`palisade captcha: ${code}: the form goes without a token`);
          captcha._put(form, "");
          tell(captcha, form, "failed", { code });
        },
      )
      .then(() => {
        removeAttribute.call(form, "aria-busy");
        // The page was left and came back meanwhile: its visitor begins anew.
        if (mine !== held || !document.contains(form)) return;
        held.delete(form);
        resubmit(form, submitter);
      })
      .catch((error) => console.warn("palisade captcha:", error));
  };

  /** @type {(captcha: AICaptcha, form: HTMLFormElement, state: string, detail: object) => void} */
  const tell = (captcha, form, state, detail) => {
    if (captcha._told) captcha._told(state, detail);
    else emit(form, state, detail);
  };

  /** @type {(form: HTMLFormElement, submitter: HTMLElement | null) => void} */
  const resubmit = (form, submitter) => {
    const button = /** @type {HTMLButtonElement | null} */ (submitter);
    const usable = button && button.form === form && !button.disabled ? button : null;
    const { requestSubmit, submit } = HTMLFormElement.prototype;
    passing.add(form);
    try {
      if (requestSubmit) return requestSubmit.call(form, usable);
      // Older than 2022: the page's own listeners first, then what the button says.
      const event = new Event("submit", { bubbles: true, cancelable: true });
      if (!EventTarget.prototype.dispatchEvent.call(form, event)) return;
      for (const name of ["action", "method", "target", "enctype"]) {
        const wish = usable && usable.getAttribute(`form${name}`);
        if (wish !== null) setAttribute.call(form, name, wish);
      }
      if (usable && usable.name) {
        const field = Object.assign(document.createElement("input"), { type: "hidden", name: usable.name, value: usable.value });
        Node.prototype.appendChild.call(form, field);
      }
      submit.call(form);
    } catch (_) {
      submit.call(form);
    } finally {
      passing.delete(form);
    }
  };

  /** @param {Event} event */
  const onTouch = (event) => {
    const target = /** @type {any} */ (event.target);
    const form = target && (target.form || (target.closest && target.closest("form")));
    const captcha = form instanceof HTMLFormElement ? ownerOf(form) : null;
    if (!captcha) return;
    captcha._record().watch(form);
    if (captcha._told) captcha._told("touched", {});
    else captcha.prepare();
  };

  let listening = false;
  const listen = () => {
    if (listening) return;
    listening = true;
    // Before all others: they shall see the form once, with its token.
    window.addEventListener("submit", onSubmit, true);
    for (const name of ["focusin", "pointerdown", "input"]) {
      document.addEventListener(name, onTouch, { capture: true, passive: true });
    }
    if (typeof SubmitEvent === "undefined") {
      document.addEventListener("click", (event) => {
        const button = event.target instanceof Element ? event.target.closest("button,input[type=submit],input[type=image]") : null;
        pressed = /** @type {HTMLElement | null} */ (button);
        setTimeout(() => (pressed = null));
      }, true);
    }
    window.addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      // Back from elsewhere: tokens were sent, tickets are old.
      held = new WeakSet();
      for (const form of Array.from(document.forms)) {
        const captcha = ownerOf(form);
        if (!captcha) continue;
        captcha._put(form, "");
        captcha._slot = null;
        if (captcha._told) captcha._told("expired", {});
      }
    });
  };

  /** Recording begins when there is a form to look after, not earlier.
   * @param {AICaptcha} captcha */
  const awaitForms = (captcha) => {
    const there = () => Array.from(document.forms).some((form) => ownerOf(form) === captcha);
    if (there()) return void captcha._record();
    const observer = new MutationObserver(() => {
      if (auto === captcha && !there()) return;
      observer.disconnect();
      if (auto === captcha) captcha._record();
    });
    observer.observe(document, { childList: true, subtree: true });
  };

  /** @param {AICaptcha} captcha */
  const intercept = (captcha) => {
    auto = captcha;
    listen();
    awaitForms(captcha);
  };

  globalThis.AICaptcha = AICaptcha;

  // The element is a part of its own, for pages that have one.
  if (!globalThis.customElements) return;
  const elements = document.getElementsByTagName("palisade-captcha");
  const seek = () => {
    if (!elements.length) return false;
    part(`${HOME}captcha/element.js`).catch((error) => console.warn("palisade captcha:", error));
    return true;
  };
  if (!seek()) {
    const observer = new MutationObserver(() => {
      if (seek()) observer.disconnect();
    });
    observer.observe(document, { childList: true, subtree: true });
  }
})();
