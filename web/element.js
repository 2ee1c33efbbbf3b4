// The element `<palisade-captcha>`: what a form's check does, for people to see. See docs/captcha.md.
(() => {
  "use strict";
  if (customElements.get("palisade-captcha")) return;

  /** @type {(error: unknown) => string} */
  const codeOf = (error) => (error && /** @type {any} */ (error).code) || "failed";
  const clock = () => performance.now();
  /** @type {(ms: number) => Promise<void>} */
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  /** @type {(target: EventTarget, name: string, detail: object) => void} */
  const emit = (target, name, detail) => {
    target.dispatchEvent(new CustomEvent(`palisade:${name}`, { bubbles: true, composed: true, detail }));
  };

  // idle, working, done, failed, to be clicked, again
  /** @type {Record<string, string[]>} */
  const WORDS = {
    en: ["Protected against bots", "Checking…", "Checked", "The check did not work. You can still send.", "I am a person", "Try again"],
    de: ["Vor Bots geschützt", "Wird geprüft …", "Geprüft", "Die Prüfung ging nicht. Senden geht trotzdem.", "Ich bin ein Mensch", "Noch einmal"],
    fr: ["Protégé contre les robots", "Vérification…", "Vérifié", "La vérification a échoué. L’envoi reste possible.", "Je suis une personne", "Réessayer"],
    es: ["Protegido contra bots", "Comprobando…", "Comprobado", "La comprobación falló. Aún puede enviar.", "Soy una persona", "Reintentar"],
    pt: ["Protegido contra bots", "A verificar…", "Verificado", "A verificação falhou. Ainda pode enviar.", "Sou uma pessoa", "Tentar de novo"],
    it: ["Protetto dai bot", "Verifica…", "Verificato", "La verifica non è riuscita. Si può inviare lo stesso.", "Sono una persona", "Riprova"],
    nl: ["Beschermd tegen bots", "Bezig met controleren…", "Gecontroleerd", "De controle lukte niet. Verzenden kan toch.", "Ik ben een mens", "Opnieuw"],
    pl: ["Ochrona przed botami", "Sprawdzanie…", "Sprawdzono", "Nie udało się sprawdzić. Nadal można wysłać.", "Jestem człowiekiem", "Ponów"],
    tr: ["Botlara karşı korunuyor", "Denetleniyor…", "Denetlendi", "Denetim olmadı. Yine de gönderebilirsiniz.", "Ben bir insanım", "Yeniden dene"],
    ru: ["Защищено от ботов", "Проверка…", "Проверено", "Проверка не удалась. Отправить всё равно можно.", "Я человек", "Повторить"],
    uk: ["Захищено від ботів", "Перевірка…", "Перевірено", "Перевірка не вдалася. Надіслати все одно можна.", "Я людина", "Повторити"],
    ar: ["محمي من الروبوتات", "جارٍ التحقق…", "تم التحقق", "تعذر التحقق. لا يزال بإمكانك الإرسال.", "أنا إنسان", "إعادة المحاولة"],
    he: ["מוגן מפני בוטים", "בודק…", "נבדק", "הבדיקה נכשלה. עדיין אפשר לשלוח.", "אני אדם", "שוב"],
    ja: ["ボット対策済み", "確認中…", "確認済み", "確認できませんでした。送信はできます。", "私は人間です", "再試行"],
    zh: ["已防范机器人", "正在检查…", "已检查", "检查未成功，您仍可提交。", "我是真人", "重试"],
    ko: ["봇 차단 적용됨", "확인 중…", "확인됨", "확인하지 못했습니다. 그래도 보낼 수 있습니다.", "저는 사람입니다", "다시 시도"],
  };
  const STATES = ["idle", "working", "done", "failed"];

  const CSS = {
    ":host": "display:inline-block;color-scheme:light dark;font:inherit",
    ":host([theme=light])": "color-scheme:light",
    ":host([theme=dark])": "color-scheme:dark",
    ":host([hidden])": "display:none",
    // One size in all states: what moves under a finger is not hit.
    "[part=box]":
      "position:relative;box-sizing:border-box;display:flex;flex-wrap:wrap;align-items:center;align-content:center;gap:.2em .6em;inline-size:20em;max-inline-size:100%;min-block-size:4.2em;padding:.5em .8em;border:1px solid;border-radius:.3em;background:Canvas;color:CanvasText;font:1em/1.3 system-ui,sans-serif",
    "[part=label]": "display:flex;align-items:center;gap:.6em;flex:none",
    "[part=check]": "inline-size:1.5em;block-size:1.5em;margin:0",
    "[part=mark]": "flex:none;inline-size:1.2em;text-align:center",
    "[part=text]": "flex:1 1 8em",
    "[part=bar]": "position:absolute;inset-inline:.8em;inset-block-end:.3em;inline-size:calc(100% - 1.6em);block-size:.3em",
    "[part=retry]": "font:inherit;min-block-size:1.9em",
    "[hidden]": "display:none!important",
  };

  /** @type {CSSStyleSheet | undefined} */
  let sheet;
  /** Neither way makes an inline style of the kind a Content-Security-Policy forbids.
   * @param {ShadowRoot} root
   * @param {HTMLElement} host */
  const dress = (root, host) => {
    try {
      if (!sheet) {
        sheet = new CSSStyleSheet();
        sheet.replaceSync(Object.entries(CSS).map(([selector, rules]) => `${selector}{${rules}}`).join(""));
      }
      root.adoptedStyleSheets = [sheet];
    } catch (_) {
      host.style.display = "inline-block";
      for (const [selector, rules] of Object.entries(CSS)) {
        if (selector.startsWith("[part")) for (const part of root.querySelectorAll(selector)) /** @type {HTMLElement} */ (part).style.cssText = rules;
      }
    }
  };

  class PalisadeCaptcha extends HTMLElement {
    static get formAssociated() {
      return true;
    }

    constructor() {
      super();
      this.state = "idle";
      this.value = "";
      /** @type {ElementInternals | null} */
      this._internals = this.attachInternals ? this.attachInternals() : null;
      /** @type {CaptchaInside | null} */
      this._captcha = null;
      /** @type {HTMLFormElement | null} */
      this._form = null;
      /** @type {Record<string, HTMLElement>} */
      this._parts = {};
      /** @type {string[]} */
      this._words = WORDS.en;
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      this._expiry = undefined;
    }

    get form() {
      try {
        if (this._internals) return this._internals.form;
      } catch (_) {
        // Made before forms knew it.
      }
      return this.closest("form");
    }

    get mode() {
      return this.getAttribute("mode") || "auto";
    }

    connectedCallback() {
      this._build();
      const captcha = new AICaptcha({
        publicKey: this.getAttribute("site-key") || undefined,
        action: this.getAttribute("action") || undefined,
        base: this.getAttribute("base") || undefined,
        fingerprint: this.hasAttribute("fingerprint"),
      });
      captcha._put = (_, token) => this._fill(token);
      captcha._told = (state, detail) => this._hear(state, detail);
      this._captcha = captcha;
      this._adopt();
      if (this.mode === "eager") this._eager();
    }

    disconnectedCallback() {
      clearTimeout(this._expiry);
      if (this._form) AICaptcha.adopt(this._form, null);
      if (this._captcha) this._captcha.stop();
      this._form = this._captcha = null;
    }

    formAssociatedCallback() {
      this._adopt();
    }

    formResetCallback() {
      this.reset();
    }

    _adopt() {
      const form = this.form;
      if (!this._captcha || form === this._form) return;
      if (this._form) AICaptcha.adopt(this._form, null);
      this._form = form;
      if (!form) return;
      this._captcha._record().watch(form);
      if (this.mode === "auto") AICaptcha.adopt(form, this._captcha);
    }

    _build() {
      if (this.shadowRoot) return;
      const host = this.closest("[lang]");
      const language = (host && host.getAttribute("lang")) || navigator.language || "en";
      this._words = WORDS[language.slice(0, 2).toLowerCase()] || WORDS.en;
      const root = this.attachShadow({ mode: "open" });
      /** @type {(tag: string, part: string, parent: Node) => HTMLElement} */
      const add = (tag, part, parent) => {
        const made = document.createElement(tag);
        made.setAttribute("part", part);
        this._parts[part] = made;
        parent.appendChild(made);
        return made;
      };
      const box = add("div", "box", root);
      if (this.mode === "click") {
        const label = add("label", "label", box);
        const check = add("input", "check", label);
        check.setAttribute("type", "checkbox");
        const tabindex = this.getAttribute("data-tabindex");
        if (tabindex) check.setAttribute("tabindex", tabindex);
        label.append(this._text(4));
        check.addEventListener("click", (event) => {
          // It is ticked by what comes of it.
          event.preventDefault();
          if (this.state === "idle" || this.state === "failed") this.execute().catch(() => {});
        });
      } else add("span", "mark", box).setAttribute("aria-hidden", "true");
      add("span", "text", box).setAttribute("role", "status");
      const retry = add("button", "retry", box);
      retry.setAttribute("type", "button");
      retry.textContent = this._text(5);
      retry.addEventListener("click", () => this.execute().catch(() => {}));
      add("progress", "bar", box).setAttribute("aria-hidden", "true");
      dress(root, this);
      this._show("idle");
    }

    /** @param {number} at */
    _text(at) {
      return this.getAttribute(`text-${[...STATES, "click", "retry"][at]}`) || this._words[at];
    }

    /** @param {string} state */
    _show(state) {
      this.state = state;
      this.setAttribute("state", state);
      const { text, mark, check, retry, bar } = this._parts;
      if (!text) return;
      const at = STATES.indexOf(state);
      text.textContent = check && state === "idle" ? "" : this._text(at);
      if (mark) mark.textContent = ["○", "◔", "✓", "!"][at];
      if (check) {
        // After the click that is still on its way.
        setTimeout(() => Object.assign(check, { checked: this.state === "done" }));
        check.setAttribute("aria-busy", String(state === "working"));
      }
      retry.hidden = state !== "failed" || !!check;
      bar.hidden = state !== "working";
      bar.removeAttribute("value");
    }

    /** @param {number} share */
    _progress(share) {
      if (this._parts.bar) /** @type {HTMLProgressElement} */ (this._parts.bar).value = Math.min(Math.max(share, 0), 1);
    }

    /** @param {string} token */
    _fill(token) {
      const changed = this.value !== token;
      this.value = token;
      const name = this.hasAttribute("name") ? this.getAttribute("name") : "captcha_token";
      if (!name) return;
      if (this._internals && this._internals.setFormValue) {
        const data = new FormData();
        data.set(name, token);
        this._internals.setFormValue(token ? data : null);
      } else if (this._form && changed) {
        let field = /** @type {HTMLInputElement | null} */ (this.querySelector("input"));
        if (!field) this.appendChild((field = Object.assign(document.createElement("input"), { type: "hidden" })));
        Object.assign(field, { name, value: token, disabled: !token });
      }
    }

    /**
     * @param {string} state
     * @param {any} detail
     */
    _hear(state, detail) {
      if (state === "touched") {
        if (this.state !== "idle" || !this._captcha) return;
        if (this.mode !== "auto") return void this._captcha.prepare();
        const captcha = this._captcha;
        this._show("working");
        captcha.prepare((share) => this._progress(share)).then(() => {
          if (this.state === "working" && !(this._form && this._form.hasAttribute("aria-busy"))) this._show(captcha._slot ? "done" : "idle");
        });
        return;
      }
      clearTimeout(this._expiry);
      if (state === "verified") {
        this._fill(detail.token);
        this._show("done");
        this._expiry = setTimeout(() => this._hear("expired", {}), AICaptcha.lifetime(detail.token) - 2000);
      } else {
        if (state === "expired") this._fill("");
        this._show(state === "expired" ? "idle" : state);
      }
      emit(this, state, detail);
      if (state === "expired" && this.mode === "eager" && this.getAttribute("refresh") !== "never") this._eager();
    }

    /** By itself, but not before somebody is there: a moving hand says more than none. */
    async _eager() {
      const captcha = this._captcha;
      if (!captcha) return;
      captcha.prepare((share) => this._progress(share));
      const end = clock() + 2000;
      while (clock() < end && !captcha._record().touched()) await pause(100);
      if (this._captcha === captcha && this.state !== "working") await this.execute().catch(() => {});
    }

    /** A new token, for the form and for whoever asked; quietly, for whoever asked alone.
     * @param {{ action?: string, quietly?: boolean }} [options]
     * @returns {Promise<string>} */
    async execute(options = {}) {
      const captcha = this._captcha;
      if (!captcha) throw new Error("captcha: the element is in no document");
      const asked = { action: options.action, ...(this._form && { form: this._form }) };
      if (options.quietly) return captcha.executeAsync(asked);
      this._hear("working", {});
      captcha.prepare((share) => this._progress(share));
      try {
        const token = await captcha.executeAsync(asked);
        if (this._captcha === captcha) this._hear("verified", { token });
        return token;
      } catch (error) {
        if (this._captcha === captcha) this._hear("failed", { code: codeOf(error) });
        throw error;
      }
    }

    reset() {
      clearTimeout(this._expiry);
      this._fill("");
      if (this._captcha) this._captcha.reset();
      if (this._captcha && this._form) this._captcha._record().watch(this._form);
      this._show("idle");
      if (this.mode === "eager") this._eager();
    }
  }
  customElements.define("palisade-captcha", PalisadeCaptcha);
})();
