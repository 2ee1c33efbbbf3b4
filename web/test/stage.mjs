// A page without a browser: just enough for scripts that only listen, count and fetch.
import { readFileSync } from "node:fs";
import vm from "node:vm";

export const source = (name) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");

class Element extends EventTarget {
  constructor(attributes = {}) {
    super();
    this.attributes = attributes;
    this.style = {};
    this.dataset = {};
    this.children = [];
  }
  getAttribute(name) {
    return this.attributes[name] ?? null;
  }
  hasAttribute(name) {
    return name in this.attributes;
  }
  setAttribute(name, value) {
    this.attributes[name] = value;
  }
  removeAttribute(name) {
    delete this.attributes[name];
  }
  appendChild(child) {
    this.children.push(child);
    return child;
  }
  matches(selector) {
    return selector.split(",").some((one) => {
      const [, name, value] = /^\[([\w-]+)=?(.*)\]$/.exec(one) || [];
      return name ? (value ? this.getAttribute(name) === value : this.hasAttribute(name)) : this.tagName === one.toUpperCase();
    });
  }
  querySelectorAll(selector) {
    return this.children.flatMap((child) => [child, ...child.children]).filter((child) => child.matches(selector));
  }
  querySelector(selector) {
    return Element.prototype.querySelectorAll.call(this, selector)[0] || null;
  }
}

class HTMLFormElement extends Element {
  requestSubmit() {}
  submit() {}
}

/** A form with fields of these types. */
export const formOf = (...types) => {
  const form = new HTMLFormElement({ method: "post" });
  form.children = types.map((type) => Object.assign(new Element({ name: `name-of-${type}` }), { tagName: "INPUT", type, form, value: "value-of-field" }));
  return form;
};

/** A page; `more` are globals of its own. */
export const page = ({ script = null, forms = [], more = {} } = {}) => {
  const document = Object.assign(new EventTarget(), {
    currentScript: script,
    forms,
    documentElement: new Element(),
    scrollingElement: { scrollTop: 0 },
    visibilityState: "visible",
    readyState: "complete",
    createElement: (tag) => Object.assign(new Element(), { tagName: tag.toUpperCase(), value: "" }),
    getElementsByTagName: () => [],
    querySelectorAll: () => [],
    contains: () => true,
  });
  const window = Object.assign(new EventTarget(), {
    document, Element, HTMLFormElement, Node: Element, HTMLElement: Element, EventTarget, Event, CustomEvent, AbortController, URL,
    performance, setTimeout, clearTimeout, atob,
    MutationObserver: class { observe() {} disconnect() {} },
    console: { warn: () => {} },
    location: new URL("https://shop.example/cart?x=1"),
    navigator: Object.create({ userAgent: "Mozilla/5.0 Chrome/140", webdriver: false, languages: ["en"], plugins: [1], maxTouchPoints: 0 }),
    innerWidth: 1200, innerHeight: 800, outerWidth: 1200, outerHeight: 900, chrome: {},
    ...more,
  });
  // Not the global object itself: `vm` would put a proxy in its place.
  window.window = Object.assign(new EventTarget(), window);
  const context = vm.createContext(window);
  return {
    window,
    document,
    run: (name, from = `https://shop.example/.palisade/${name}`, text = source(name)) => vm.runInContext(text, context, { filename: from }),
  };
};

/** An event as a browser makes it. */
export const event = (type, facts = {}) => {
  const made = new Event(type);
  for (const [name, value] of Object.entries(facts)) Object.defineProperty(made, name, { value });
  return made;
};
