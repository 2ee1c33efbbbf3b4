// `grecaptcha`, `hcaptcha` and `turnstile` for pages that were written for them. See docs/captcha.md.
(() => {
  "use strict";
  /** @typedef {"recaptcha" | "hcaptcha" | "turnstile"} Vendor */
  /** @typedef {Record<string, any>} Params */
  /**
   * @typedef {HTMLElement & { execute(options?: { action?: string, quietly?: boolean }): Promise<string>, reset(): void, state: string }} Box
   * @typedef {{ vendor: Vendor, id: number | string, container: HTMLElement, params: Params, box: Box,
   *   fields: (HTMLTextAreaElement | HTMLInputElement)[], token: string, expired: boolean, armed: boolean, tries: number }} Widget
   */

  // The vendors' own paths, for pages in which only the host was changed.
  /** @type {[RegExp, Vendor | ""][]} */
  const PATHS = [
    [/captcha\/shims\.js$/, ""],
    [/recaptcha\/(api|enterprise)\.js$/, "recaptcha"],
    [/turnstile\/v0\/(.+\/)?api\.js$/, "turnstile"],
    [/(hcaptcha\/)?1\/(secure-)?api\.js$/, "hcaptcha"],
  ];
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  const named = (script && script.src) || (/https?:\/\/[^\s()@]+\.js[^\s():]*/.exec(String(new Error().stack)) || [""])[0];
  const home = new URL(named || "/.palisade/captcha/shims.js", location.href);
  const query = home.searchParams;
  const [path, only] = PATHS.find(([path]) => path.test(home.pathname)) || PATHS[0];
  const BASE = new URL((script && script.dataset.base) || home.origin + home.pathname.replace(path, "").replace(/[^/]*$/, ""), location.href).href;
  if (/** @type {any} */ (globalThis).palisadeShims) return;
  Object.defineProperty(globalThis, "palisadeShims", { value: BASE });

  const loaded = import(`${BASE}captcha.js`).then(() => import(`${BASE}captcha/element.js`));
  loaded.catch(() => console.warn("palisade captcha: its parts cannot be loaded"));

  /** @type {Widget[]} */
  let widgets = [];
  const drawn = { recaptcha: 0, hcaptcha: 0, turnstile: 0 };
  const CLASSES = { recaptcha: "g-recaptcha", hcaptcha: "h-captcha", turnstile: "cf-turnstile" };

  /** A function, or the name of a global one.
   * @param {any} named
   * @returns {((...args: any[]) => any) | undefined} */
  const callable = (named) => {
    if (typeof named === "function") return named;
    if (typeof named !== "string" || !named) return undefined;
    /** @type {any} */
    let found = globalThis;
    for (const name of named.split(".")) found = found && found[name];
    return typeof found === "function" ? found : undefined;
  };

  /** What a page's function throws is the page's: it is told of, and harms nothing here.
   * @type {(named: any, ...args: any[]) => any} */
  const call = (named, ...args) => {
    const wanted = callable(named);
    if (!wanted) return undefined;
    try {
      return wanted(...args);
    } catch (error) {
      setTimeout(() => {
        throw error;
      });
      return undefined;
    }
  };

  // Codes of theirs for reasons of ours.
  /** @type {Record<Vendor, (code: string) => string | undefined>} */
  const CODES = {
    recaptcha: () => undefined,
    hcaptcha: (code) =>
      code === "unreachable" || code === "timeout" ? "network-error" : code === "too-many-tries" ? "rate-limited" : /key|hostname/.test(code) ? "invalid-data" : "challenge-error",
    turnstile: (code) =>
      code === "invalid-site-key" ? "110100" : code === "hostname-not-allowed" ? "110200" : code === "timeout" ? "110600" : code === "unreachable" ? "300030" : "600010",
  };

  /** @type {(widget: Widget, token: string) => void} */
  const fill = (widget, token) => {
    widget.token = token;
    for (const field of widget.fields) field.value = token;
    if (widget.vendor === "hcaptcha") widget.box.setAttribute("data-hcaptcha-response", token);
  };

  /** @type {(vendor: Vendor, params: Params, id: number | string, at: number) => Widget["fields"]} */
  const fieldsFor = (vendor, params, id, at) => {
    /** @type {(tag: string, name: string, id: string) => any} */
    const make = (tag, name, id) => {
      const field = /** @type {HTMLInputElement} */ (document.createElement(tag));
      if (tag === "input") field.type = "hidden";
      else field.className = name;
      field.hidden = true;
      field.name = name;
      field.id = id;
      return field;
    };
    const tail = at ? `-${at}` : "";
    if (vendor === "recaptcha") return [make("textarea", "g-recaptcha-response", `g-recaptcha-response${tail}`)];
    if (vendor === "hcaptcha") {
      const names = ["h-captcha-response"].concat(query.get("recaptchacompat") === "off" ? [] : ["g-recaptcha-response"]);
      return names.map((name) => make("textarea", name, `${name}-${id}`));
    }
    if (String(params["response-field"]) === "false") return [];
    const fields = [make("input", params["response-field-name"] || "cf-turnstile-response", `${id}_response`)];
    if (query.get("compat") === "recaptcha") fields.push(make("input", "g-recaptcha-response", `${id}_g_response`));
    return fields;
  };

  /** How a widget behaves: shown or not, and who starts it.
   * @type {(vendor: Vendor, params: Params, button: boolean) => { hidden: boolean, mode: string }} */
  const manner = (vendor, params, button) => {
    if (button || params.bind || params.size === "invisible") return { hidden: true, mode: vendor === "turnstile" && params.execution !== "execute" ? "eager" : "api" };
    if (vendor !== "turnstile") return { hidden: false, mode: "click" };
    const hidden = params.appearance === "execute" || params.appearance === "interaction-only";
    return { hidden, mode: params.execution === "execute" ? "api" : "eager" };
  };

  /** @type {(vendor: Vendor, container: HTMLElement, params: Params) => Widget} */
  const create = (vendor, container, params) => {
    const at = drawn[vendor];
    drawn[vendor] += 1;
    const random = Math.random().toString(36).slice(2, 7).padEnd(5, "0");
    const id = vendor === "recaptcha" ? at : vendor === "hcaptcha" ? `${at}${random}` : `cf-chl-widget-${random}${at}`;
    const button = /^(BUTTON|INPUT)$/.test(container.tagName);
    const box = /** @type {Box} */ (document.createElement("palisade-captcha"));
    const { hidden, mode } = manner(vendor, params, button);
    const language = params.hl || params.language || query.get("hl");
    const attributes = {
      mode, base: BASE, name: "", "site-key": params.sitekey, action: params.action, theme: params.theme,
      "data-tabindex": params.tabindex, refresh: params["refresh-expired"], lang: language === "auto" ? "" : language,
    };
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "name" || (value !== undefined && value !== null && value !== "")) box.setAttribute(name, String(value));
    }
    if (vendor === "hcaptcha") box.setAttribute("data-hcaptcha-widget-id", String(id));
    box.hidden = hidden;
    const fields = fieldsFor(vendor, params, id, at);
    /** @type {Widget} */
    const widget = { vendor, id, container, params, box, fields, token: "", expired: false, armed: false, tries: 0 };
    box.addEventListener("palisade:verified", (event) => {
      event.stopPropagation();
      widget.expired = false;
      widget.tries = 0;
      fill(widget, /** @type {CustomEvent} */ (event).detail.token);
      if (vendor === "turnstile") call(params.callback, widget.token, false);
      else call(params.callback, widget.token);
    });
    box.addEventListener("palisade:expired", (event) => {
      event.stopPropagation();
      const token = widget.token;
      widget.expired = true;
      fill(widget, "");
      call(params["expired-callback"], token);
      beforehand(widget);
    });
    box.addEventListener("palisade:failed", (event) => {
      event.stopPropagation();
      fail(widget, /** @type {CustomEvent} */ (event).detail.code);
    });
    box.addEventListener("palisade:working", (event) => event.stopPropagation());
    for (const part of [...fields, box]) {
      if (button) container.insertAdjacentElement("afterend", part);
      else container.appendChild(part);
    }
    const trigger = button ? container : params.bind && document.getElementById(params.bind);
    if (trigger) {
      trigger.addEventListener("click", (/** @type {Event} */ event) => {
        event.preventDefault();
        run(widget).catch(() => {});
      });
    }
    beforehand(widget);
    loaded.catch(() => fail(widget, "unreachable"));
    widgets.push(widget);
    return widget;
  };

  // So long after the first touch there is something to judge by.
  const TOUCHED_MS = 1000;

  /** Nobody has to tick a box: the token comes soon after its form was touched. Where a page acts on the tick it comes into the
   * field alone, and its function is called by the tick; it may send the form.
   * @param {Widget} widget */
  const beforehand = (widget) => {
    const { box } = widget;
    if (widget.armed || box.getAttribute("mode") !== "click") return;
    widget.armed = true;
    const form = box.closest("form");
    const names = ["focusin", "pointerdown", "keydown"];
    /** @param {Event} event */
    const touched = (event) => {
      if (form && !Node.prototype.contains.call(form, /** @type {Node} */ (event.target))) return;
      for (const name of names) document.removeEventListener(name, touched, true);
      widget.armed = false;
      setTimeout(() => fetchToken().catch(() => {}), TOUCHED_MS);
    };
    const fetchToken = async () => {
      await loaded;
      if (widget.token || box.state === "working" || !widgets.includes(widget)) return;
      if (!widget.params.callback) return void (await box.execute());
      const token = await box.execute({ quietly: true });
      if (widget.token || !widgets.includes(widget)) return;
      fill(widget, token);
      setTimeout(() => {
        if (widget.token !== token) return;
        fill(widget, "");
        beforehand(widget);
      }, AICaptcha.lifetime(token) - 2000);
    };
    for (const name of names) document.addEventListener(name, touched, true);
  };

  /** @type {(widget: Widget, code: string) => void} */
  const fail = (widget, code) => {
    fill(widget, "");
    call(widget.params["error-callback"], CODES[widget.vendor](code));
    const again = widget.vendor === "turnstile" && widget.params.retry !== "never" && widget.tries < 4;
    if (!again || /key|hostname/.test(code)) return;
    widget.tries += 1;
    setTimeout(() => widgets.includes(widget) && run(widget).catch(() => {}), Number(widget.params["retry-interval"]) || 8000);
  };

  /** @type {(widget: Widget, options?: { action?: string }) => Promise<string>} */
  const run = async (widget, options) => {
    await loaded;
    return widget.box.execute(options);
  };

  /** @param {any} place */
  const containerOf = (place) => {
    if (place instanceof HTMLElement) return place;
    const text = String(place);
    const found = document.getElementById(text) || (/^[#.[]/.test(text) ? document.querySelector(text) : null);
    if (!(found instanceof HTMLElement)) throw new Error(`captcha: there is no element ${text}`);
    return found;
  };

  /** The widget that is meant; the first where nothing is said.
   * @type {(vendor: Vendor, wanted?: any) => Widget | undefined} */
  const find = (vendor, wanted) => {
    const all = widgets.filter((widget) => widget.vendor === vendor);
    if (wanted === undefined || wanted === null) return all[0];
    const byId = all.find((widget) => widget.id === wanted || String(widget.id) === String(wanted));
    if (byId) return byId;
    const text = typeof wanted === "string" ? wanted : "";
    return all.find(
      (widget) => widget.container === wanted || (text !== "" && (widget.container.id === text || (/^[#.[]/.test(text) && widget.container.matches(text)))),
    );
  };

  /** What its `data-` attributes say.
   * @param {HTMLElement} container */
  const dataOf = (container) => {
    /** @type {Params} */
    const params = {};
    for (const { name, value } of Array.from(container.attributes)) if (name.startsWith("data-")) params[name.slice(5)] = value;
    return params;
  };

  /** @type {(vendor: Vendor, place: any, params?: Params) => Widget} */
  const render = (vendor, place, params = {}) => {
    const container = containerOf(place);
    if (widgets.some((widget) => widget.container === container)) {
      throw new Error(`captcha: there is a widget in this element already`);
    }
    return create(vendor, container, { ...dataOf(container), ...params });
  };

  /** @type {(widget: Widget | undefined) => void} */
  const reset = (widget) => {
    if (!widget) return;
    fill(widget, "");
    widget.expired = false;
    loaded.then(() => widget.box.reset(), () => {});
    beforehand(widget);
  };

  /** @type {(widget: Widget | undefined) => void} */
  const remove = (widget) => {
    if (!widget) return;
    widgets = widgets.filter((other) => other !== widget);
    for (const part of [widget.box, ...widget.fields]) part.remove();
  };

  /** Once the page's own scripts and elements are there.
   * @param {() => void} work */
  const whenRead = (work) => {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", work, { once: true });
    else setTimeout(work);
  };

  // reCAPTCHA v3 has no widgets, only keys.
  /** @type {Map<string, Promise<Captcha>>} */
  const keyed = new Map();
  /** @param {string} key */
  const captchaOf = (key) => {
    let captcha = keyed.get(key);
    if (!captcha) {
      captcha = loaded.then(() => new AICaptcha({ publicKey: key, base: BASE }));
      captcha.catch(() => {});
      keyed.set(key, captcha);
    }
    return captcha;
  };

  const shown = query.get("render") || "onload";
  const explicit = shown === "explicit";

  const grecaptcha = {
    /** @type {(place: any, params?: Params, inherit?: boolean) => number} */
    render: (place, params) => /** @type {number} */ (render("recaptcha", place, params).id),
    /** @type {(wanted?: any, options?: { action?: string }) => Promise<string | null>} */
    execute: (wanted, options = {}) => {
      const widget = find("recaptcha", wanted);
      const key = typeof wanted === "string" ? wanted : [...keyed.keys()][0];
      if (widget && !(typeof wanted === "string" && keyed.has(wanted))) return quiet(run(widget, options));
      if (key) return captchaOf(key).then((captcha) => captcha.executeAsync(options));
      throw new Error("captcha: no widget was rendered and no site key given");
    },
    /** @param {any} [wanted] */
    getResponse: (wanted) => (find("recaptcha", wanted) || { token: "" }).token,
    /** @param {any} [wanted] */
    reset: (wanted) => reset(find("recaptcha", wanted)),
    /** @param {() => void} work */
    ready: (work) => whenRead(() => call(work)),
  };

  /** A promise whose refusal nobody has to hear: most pages throw it away.
   * @template T
   * @param {Promise<T>} promise */
  const quiet = (promise) => {
    promise.catch(() => {});
    return promise;
  };

  /** @param {string} token */
  const keyOf = (token) => {
    try {
      const claims = JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
      return String(claims.interaction_id || claims.jti || "");
    } catch (_) {
      return "";
    }
  };

  const hcaptcha = {
    /** @type {(place: any, params?: Params) => string} */
    render: (place, params) => String(render("hcaptcha", place, params).id),
    /** @type {(wanted?: any, options?: { async?: boolean }) => Promise<{ response: string, key: string }> | undefined} */
    execute: (wanted, options) => {
      const widget = find("hcaptcha", wanted);
      const done = widget ? run(widget).then((response) => ({ response, key: keyOf(response) })) : Promise.reject("invalid-captcha-id");
      // Theirs rejects with a word.
      const worded = done.catch((error) => Promise.reject(typeof error === "string" ? error : CODES.hcaptcha(error.code)));
      quiet(worded);
      return options && options.async ? worded : undefined;
    },
    /** @param {any} [wanted] */
    getResponse: (wanted) => (find("hcaptcha", wanted) || { token: "" }).token,
    /** @param {any} [wanted] */
    getRespKey: (wanted) => keyOf((find("hcaptcha", wanted) || { token: "" }).token),
    /** @param {any} [wanted] */
    reset: (wanted) => reset(find("hcaptcha", wanted)),
    /** @param {any} [wanted] */
    remove: (wanted) => remove(find("hcaptcha", wanted)),
    close: () => {},
    setData: () => {},
  };

  const turnstile = {
    /** @type {(place: any, params?: Params) => string} */
    render: (place, params) => String(render("turnstile", place, params).id),
    /** @type {(wanted?: any, params?: Params) => void} */
    execute: (wanted, params) => {
      let widget = find("turnstile", wanted);
      if (!widget) widget = render("turnstile", wanted, { ...params, execution: "execute" });
      else Object.assign(widget.params, params);
      quiet(run(widget, widget.params));
    },
    /** @param {any} [wanted] */
    getResponse: (wanted) => (find("turnstile", wanted) || { token: undefined }).token || undefined,
    /** @param {any} [wanted] */
    isExpired: (wanted) => !!(find("turnstile", wanted) || { expired: false }).expired,
    /** @param {any} [wanted] */
    reset: (wanted) => reset(find("turnstile", wanted)),
    /** @param {any} [wanted] */
    remove: (wanted) => remove(find("turnstile", wanted)),
    /** @param {() => void} work */
    ready: (work) => whenRead(() => call(work)),
    implicitRender: () => implicit("turnstile"),
  };

  /** @param {Vendor} vendor */
  const implicit = (vendor) => {
    for (const place of document.querySelectorAll(`.${CLASSES[vendor]}`)) {
      if (widgets.some((widget) => widget.container === place)) continue;
      create(vendor, /** @type {HTMLElement} */ (place), dataOf(/** @type {HTMLElement} */ (place)));
    }
  };

  const page = /** @type {any} */ (globalThis);
  /** @type {Vendor[]} */
  const vendors = only ? [only] : ["recaptcha", "hcaptcha", "turnstile"];
  if (vendors.includes("recaptcha")) {
    page.grecaptcha = Object.assign(page.grecaptcha || {}, grecaptcha, { enterprise: grecaptcha });
    // Where a page left what it waits with before there was a script.
    for (const work of (page.___grecaptcha_cfg && page.___grecaptcha_cfg.fns) || []) grecaptcha.ready(work);
  }
  if (vendors.includes("hcaptcha")) {
    page.hcaptcha = hcaptcha;
    if (only && query.get("recaptchacompat") !== "off" && !page.grecaptcha) page.grecaptcha = hcaptcha;
  }
  if (vendors.includes("turnstile")) {
    page.turnstile = turnstile;
    if (query.get("compat") === "recaptcha" && !page.grecaptcha) page.grecaptcha = turnstile;
  }

  if (vendors.includes("recaptcha") && !/^(explicit|onload)$/.test(shown)) captchaOf(shown);
  else if (!explicit) whenRead(() => vendors.forEach(implicit));
  // Theirs come late enough for the page to have its elements.
  const onload = query.get("onload");
  if (onload) whenRead(() => call(onload));
})();
