// Records how a form is filled in: kinds, times and places of events. Never which key, which text, which field's name.
(() => {
  "use strict";
  if (globalThis.palisadeCollect) return;

  // How many of each kind are kept: the newest. All of them together are about 60 KB as JSON.
  const KEPT = { mouse: 400, touch: 160, pen: 160, keys: 250, scroll: 150, fields: 100, clicks: 100, focus: 60, visibility: 40 };
  const MOVE_MS = 10;
  const SCROLL_MS = 50;
  const FIELDS = "input,select,textarea";
  const NO_FIELD = /^(hidden|submit|button|reset|image)$/;
  const HONEYPOT = "additional_comments_2";
  const TRAPS = `[name=${HONEYPOT}],[data-palisade-honeypot]`;

  /** @type {(number: number) => number} */
  const tenth = (number) => Math.round(number * 10) / 10;
  /** @type {(number: number) => number} */
  const hundredth = (number) => Math.round(number * 100) / 100;

  /**
   * A list that forgets its oldest entries; its times do not run back, whatever events claim.
   * @template {{ time: number }} T
   * @param {number} max
   * @returns {Ring<T>}
   */
  const ring = (max) => {
    /** @type {T[]} */
    const held = [];
    let at = 0, last = 0;
    return {
      push(entry) {
        last = entry.time = Math.max(entry.time, last);
        held[at % max] = entry;
        at += 1;
      },
      list: () => (at <= max ? held.slice() : held.slice(at % max).concat(held.slice(0, at % max))),
      get length() {
        return held.length;
      },
    };
  };

  /**
   * The fields a person fills in. A form's own properties are not asked: fields named like them hide them.
   * @param {HTMLFormElement} form
   */
  const fieldsOf = (form) =>
    Array.from(/** @type {NodeListOf<HTMLInputElement>} */ (Element.prototype.querySelectorAll.call(form, FIELDS))).filter(
      (field) => !NO_FIELD.test(field.type) && !isTrap(field),
    );

  /** @param {Element} field */
  const isTrap = (field) => field.getAttribute("name") === HONEYPOT || field.hasAttribute("data-palisade-honeypot");

  /**
   * A field that people cannot see or reach, programs can, and password managers leave alone. It never leaves with its form.
   * @param {HTMLFormElement} form
   */
  const setTrap = (form) => {
    if (Element.prototype.querySelector.call(form, TRAPS)) return;
    const box = document.createElement("div");
    box.setAttribute("aria-hidden", "true");
    // Through the CSSOM, which a strict Content-Security-Policy allows.
    box.style.cssText = "position:absolute!important;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap";
    // No `input`: a second one would keep Enter from sending a form that has no button.
    const field = document.createElement("textarea");
    const attributes = {
      name: HONEYPOT, tabindex: "-1", autocomplete: "off", "data-1p-ignore": "", "data-bwignore": "",
      "data-lpignore": "true", "data-form-type": "other", "data-protonpass-ignore": "true",
    };
    for (const [name, value] of Object.entries(attributes)) field.setAttribute(name, value);
    box.appendChild(field);
    Node.prototype.appendChild.call(form, box);
    EventTarget.prototype.addEventListener.call(form, "formdata", (event) =>
      /** @type {FormDataEvent} */ (event).formData.delete(HONEYPOT));
  };

  /** @param {HTMLFormElement | null} form */
  const trapFilled = (form) => {
    const fields = form ? Element.prototype.querySelectorAll.call(form, TRAPS) : document.querySelectorAll(TRAPS);
    return Array.from(fields).some((field) => /** @type {HTMLTextAreaElement} */ (field).value !== "");
  };

  // Globals that drivers leave behind, by the mark they give.
  /** @type {[string, RegExp][]} */
  const LEFT_BEHIND = [
    ["chromedriver", /^\$?cdc_|^\$chrome_asyncScriptInfo/],
    ["playwright", /^__(playwright|pw)/],
    ["puppeteer", /^(__)?puppeteer_/],
    ["phantom", /^(callPhantom|_phantom|phantom|__phantomas)$/],
    ["selenium", /^(__(selenium|webdriver|driver|fxdriver)_|_?selenium$|_Selenium_IDE|callSelenium$|calledSelenium$)/],
    ["nightmare", /^__nightmare$/],
    ["automation", /^domAutomation/],
  ];

  /** @returns {Record<string, boolean | number>} */
  const marks = () => {
    /** @type {Record<string, boolean | number>} */
    const found = {};
    const names = Object.getOwnPropertyNames(globalThis).concat(Object.getOwnPropertyNames(document));
    for (const [mark, pattern] of LEFT_BEHIND) found[mark] = names.some((name) => pattern.test(name));
    const html = document.documentElement;
    found.selenium = found.selenium || ["webdriver", "selenium", "driver"].some((name) => html.hasAttribute(name));
    const agent = navigator.userAgent;
    const mobile = /Mobi|Android/.test(agent);
    found.webdriver = navigator.webdriver === true;
    // Browsers have these on the prototype; who hides the mark above puts them on the object.
    found.navigatorPatched = Object.getOwnPropertyNames(navigator).length > 0;
    found.headless = /Headless|PhantomJS|SlimerJS/.test(agent);
    found.noLanguages = !navigator.languages || navigator.languages.length === 0;
    found.noPlugins = !mobile && !!navigator.plugins && navigator.plugins.length === 0;
    found.noWindow = window.outerWidth === 0 && window.outerHeight === 0;
    found.noChrome = /Chrome\//.test(agent) && !mobile && !("chrome" in window);
    found.noTouch = mobile && navigator.maxTouchPoints === 0;
    return found;
  };

  /** @param {{ root?: Document | Element, form?: HTMLFormElement | null }} [options] */
  const start = (options = {}) => {
    const root = options.root || document;
    let form = options.form || null;
    // One clock that never runs back: what it shows now, counted on by the browser's own.
    const origin = Date.now() - performance.now();
    const now = () => Math.round(origin + performance.now());
    const loadTimestamp = now();
    let scripted = 0;
    /** @param {Event} event */
    const timeOf = (event) => {
      if (!event.isTrusted) scripted += 1;
      const time = Math.round(origin + event.timeStamp);
      // Some old engines count from 1970.
      return time >= loadTimestamp && time <= loadTimestamp + 1e10 ? time : now();
    };
    /** @type {Ring<Point>} */
    const mouse = ring(KEPT.mouse);
    /** @type {Ring<Contact>} */
    const touch = ring(KEPT.touch);
    /** @type {Ring<Contact>} */
    const pen = ring(KEPT.pen);
    /** @type {Ring<Interval>} */
    const keys = ring(KEPT.keys);
    /** @type {Ring<Interactions["scrollEvents"][0]>} */
    const scroll = ring(KEPT.scroll);
    /** @type {Ring<Interactions["mouseClicks"][0]>} */
    const clicks = ring(KEPT.clicks);
    /** @type {Ring<Interactions["focusEvents"][0]>} */
    const focus = ring(KEPT.focus);
    /** @type {Ring<Interactions["visibilityEvents"][0]>} */
    const visibility = ring(KEPT.visibility);
    /** @type {{ field: number, time: number }[]} */
    const fields = [];
    /** @type {WeakSet<EventTarget>} */
    const seen = new WeakSet();
    /** @type {Record<string, number>} */
    const moved = {};
    let scrolled = 0, position = 0, penDown = false;
    /** @type {WeakMap<object, number>} */
    const tops = new WeakMap();

    /** @type {[EventTarget, string, (event: any) => void][]} */
    const listeners = [];
    /** @type {(target: EventTarget, names: string, listen: (event: any) => void) => void} */
    const on = (target, names, listen) => {
      for (const name of names.split(" ")) {
        target.addEventListener(name, listen, { capture: true, passive: true });
        listeners.push([target, name, listen]);
      }
    };

    on(root, "pointermove", (/** @type {PointerEvent} */ event) => {
      const kind = event.pointerType;
      if (kind === "touch") return;
      const points = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
      for (const point of points.length ? points : [event]) {
        const time = timeOf(point);
        if (time - (moved[kind] || 0) < MOVE_MS) continue;
        moved[kind] = time;
        const place = { x: tenth(point.clientX), y: tenth(point.clientY), time };
        if (kind === "pen") pen.push({ type: "move", ...place, force: hundredth(point.pressure) });
        else mouse.push(place);
      }
    });
    on(root, "pointerdown pointerup pointercancel", (/** @type {PointerEvent} */ event) => {
      const place = { x: tenth(event.clientX), y: tenth(event.clientY), time: timeOf(event) };
      const down = event.type === "pointerdown";
      if (event.pointerType === "pen") {
        penDown = down;
        pen.push({ type: down ? "start" : "end", ...place, force: hundredth(event.pressure) });
      } else if (event.pointerType !== "touch" && event.type !== "pointercancel") {
        clicks.push({ type: down ? "down" : "up", ...place });
      }
    });
    // Pointer events of a finger end where scrolling begins; touch events do not.
    on(root, "touchstart touchmove touchend touchcancel", (/** @type {TouchEvent} */ event) => {
      const time = timeOf(event);
      const type = event.type === "touchstart" ? "start" : event.type === "touchmove" ? "move" : "end";
      if (penDown || (type === "move" && time - (moved.touch || 0) < MOVE_MS)) return;
      moved.touch = time;
      const finger = event.changedTouches[0];
      if (!finger || /** @type {any} */ (finger).touchType === "stylus") return;
      touch.push({ type, x: tenth(finger.clientX), y: tenth(finger.clientY), time, force: hundredth(finger.force || 0) });
    });
    on(root, "keydown", (/** @type {KeyboardEvent} */ event) => {
      if (!event.repeat) keys.push({ time: timeOf(event) });
    });
    on(root, "scroll", (event) => {
      const time = timeOf(event);
      const box = event.target === document ? document.scrollingElement : event.target;
      if (!box || time - scrolled < SCROLL_MS) return;
      scrolled = time;
      // Boxes within the page scroll too: all of them make one way.
      position += box.scrollTop - (tops.get(box) || 0);
      tops.set(box, box.scrollTop);
      scroll.push({ scrollTop: Math.round(position), time });
    });
    on(root, "focusin input change", (event) => {
      const field = event.target;
      const time = timeOf(event);
      if (!field || seen.has(field) || !field.form || NO_FIELD.test(field.type) || isTrap(field)) return;
      if (form && field.form !== form) return;
      const index = fieldsOf(field.form).indexOf(field);
      if (index < 0 || fields.length >= KEPT.fields) return;
      seen.add(field);
      fields.push({ field: index, time });
    });
    on(window, "focus blur", (event) => {
      if (event.target === window) focus.push({ type: event.type, time: timeOf(event) });
    });
    on(document, "visibilitychange", (event) => visibility.push({ state: document.visibilityState, time: timeOf(event) }));
    if (form) setTrap(form);

    return {
      snapshot: () => {
        const counted = form || document.forms[0];
        return {
          interactions: {
            mouseMovements: mouse.list(),
            keyPresses: keys.list(),
            scrollEvents: scroll.list(),
            formInteractions: fields.slice(),
            touchEvents: touch.list(),
            penEvents: pen.list(),
            mouseClicks: clicks.list(),
            focusEvents: focus.list(),
            visibilityEvents: visibility.list(),
          },
          duration: now() - loadTimestamp,
          userAgent: navigator.userAgent,
          viewport: { width: window.innerWidth, height: window.innerHeight },
          loadTimestamp,
          formLength: counted ? fieldsOf(counted).length : 0,
          marks: { ...marks(), scripted },
          honeypot: trapFilled(form),
          hostname: location.hostname,
        };
      },
      /** @param {HTMLFormElement} next */
      watch: (next) => {
        form = next;
        setTrap(next);
      },
      touched: () => mouse.length + keys.length + touch.length + pen.length + clicks.length + scroll.length > 0,
      stop: () => {
        for (const [target, name, listen] of listeners) target.removeEventListener(name, listen, { capture: true });
      },
    };
  };

  globalThis.palisadeCollect = { start };
})();
