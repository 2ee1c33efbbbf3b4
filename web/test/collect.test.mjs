// What the collector keeps, and above all what it does not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { event, formOf, page } from "./stage.mjs";

const recorded = (stage, options) => {
  stage.run("collect.js");
  return stage.window.palisadeCollect.start(options);
};

/** As it travels. */
const plain = (data) => JSON.parse(JSON.stringify(data));

const move = (at, kind = "mouse", more = {}) =>
  event("pointermove", { pointerType: kind, clientX: at, clientY: at / 2, pressure: 0.5, timeStamp: performance.now() + at * 20, ...more });

test("every kind is bounded, however much happens", () => {
  const stage = page();
  const recording = recorded(stage);
  for (let at = 0; at < 3000; at += 1) {
    const later = { timeStamp: performance.now() + at * 100 };
    const touch = { changedTouches: [{ clientX: at + 0.123, clientY: 7000.123, force: 0.333333 }], ...later };
    stage.document.scrollingElement.scrollTop = at * 100;
    stage.document.dispatchEvent(move(at));
    stage.document.dispatchEvent(move(at + 0.5, "pen"));
    stage.document.dispatchEvent(event("touchmove", touch));
    stage.document.dispatchEvent(event("keydown", later));
    stage.document.dispatchEvent(event("pointerdown", { pointerType: "mouse", clientX: at, clientY: at, ...later }));
    stage.document.dispatchEvent(event("scroll", { target: stage.document, ...later }));
    stage.document.dispatchEvent(event("visibilitychange", later));
    stage.window.window.dispatchEvent(event("blur", later));
  }
  const { interactions } = plain(recording.snapshot());
  for (const [kind, list] of Object.entries(interactions)) {
    assert.ok(list.length <= 400, kind);
    if (kind !== "formInteractions") assert.ok(list.length >= 40, `${kind} ${list.length}`);
  }
  assert.equal(interactions.mouseMovements.at(-1).x, 2999, "the newest are kept");
  const bytes = JSON.stringify(recording.snapshot()).length;
  assert.ok(bytes < 64 * 1024, String(bytes));
});

test("no key, no text, no name of a field leaves", () => {
  const form = formOf("text", "password", "hidden", "submit", "email");
  const fields = [...form.children];
  const stage = page({ forms: [form] });
  const recording = recorded(stage, { form });
  for (const field of fields) {
    stage.document.dispatchEvent(event("focusin", { target: field }));
    for (const key of "Zx7") stage.document.dispatchEvent(event("keydown", { key, code: `Key${key}`, target: field, keyCode: 90 }));
    stage.document.dispatchEvent(event("input", { target: field, data: "Zx7" }));
  }
  const told = plain(recording.snapshot());
  const keys = told.interactions.keyPresses;
  assert.equal(keys.length, 15);
  assert.deepEqual([...new Set(keys.flatMap((key) => Object.keys(key)))], ["time"]);
  assert.deepEqual(told.interactions.formInteractions.map(({ field }) => field), [0, 1, 2], "once each, by place");
  assert.equal(told.formLength, 3);
  const text = JSON.stringify(told);
  for (const secret of ["Zx7", "KeyZ", "name-of", "value-of"]) assert.ok(!text.includes(secret), secret);
});

test("coalesced moves are taken apart, and thinned", () => {
  const stage = page();
  const recording = recorded(stage);
  const start = performance.now() + 50;
  const points = [0, 4, 8, 12, 16, 20, 24].map((ms) => move(ms, "mouse", { timeStamp: start + ms }));
  stage.document.dispatchEvent(move(1, "mouse", { timeStamp: start + 24, getCoalescedEvents: () => points }));
  assert.deepEqual(plain(recording.snapshot()).interactions.mouseMovements.map(({ x }) => x), [0, 12, 24]);
});

test("times are whole milliseconds of one clock and never run back", () => {
  const stage = page();
  const before = Date.now();
  const recording = recorded(stage);
  // A page may dispatch events that were made long ago, or claim times to come.
  for (const timeStamp of [0, 5, 1e15, performance.now()]) stage.document.dispatchEvent(event("keydown", { timeStamp }));
  const { loadTimestamp, duration, interactions } = recording.snapshot();
  assert.ok(Math.abs(loadTimestamp - before) < 1000);
  const times = interactions.keyPresses.map(({ time }) => time);
  assert.deepEqual([...times].sort(), [...times]);
  for (const time of times) {
    assert.ok(Number.isInteger(time) && time >= loadTimestamp && time <= loadTimestamp + duration + 1);
  }
});

test("held keys count once", () => {
  const stage = page();
  const recording = recorded(stage);
  stage.document.dispatchEvent(event("keydown", {}));
  stage.document.dispatchEvent(event("keydown", { repeat: true }));
  assert.equal(recording.snapshot().interactions.keyPresses.length, 1);
});

test("marks of automation", () => {
  const marks = (more, navigator = {}) => {
    const stage = page({ more });
    Object.assign(Object.getPrototypeOf(stage.window.navigator), navigator);
    const { scripted, ...found } = recorded(stage).snapshot().marks;
    return Object.keys(found).filter((mark) => found[mark]).sort();
  };
  assert.deepEqual(marks({}), []);
  assert.deepEqual(marks({}, { webdriver: true }), ["webdriver"]);
  assert.deepEqual(marks({ cdc_adoQpoasnfa76pfcZLmcfl_Array: 1 }), ["chromedriver"]);
  assert.deepEqual(marks({ __playwright__binding__: 1 }), ["playwright"]);
  assert.deepEqual(marks({ puppeteer_x: 1, callPhantom: 1 }), ["phantom", "puppeteer"]);
  assert.deepEqual(marks({ __selenium_unwrapped: 1 }), ["selenium"]);
  assert.deepEqual(marks({}, { userAgent: "HeadlessChrome/140 Chrome/140", languages: [] }), ["headless", "noLanguages"]);
  assert.deepEqual(marks({ outerWidth: 0, outerHeight: 0 }), ["noWindow"]);
});

test("the trap neither sends itself nor keeps Enter from sending", () => {
  const form = formOf("text");
  const recording = recorded(page({ forms: [form] }), { form });
  const box = form.children.at(-1);
  const [trap] = box.children;
  assert.equal(trap.tagName, "TEXTAREA", "a second input would block implicit submission");
  assert.equal(box.attributes["aria-hidden"], "true");
  assert.equal(trap.attributes.tabindex, "-1");
  assert.equal(trap.attributes.autocomplete, "off");
  const gone = [];
  form.dispatchEvent(event("formdata", { formData: { delete: (name) => gone.push(name) } }));
  assert.deepEqual(gone, [trap.attributes.name]);
  assert.equal(recording.snapshot().honeypot, false);
});

test("fields named like methods hide nothing", () => {
  const form = formOf("text", "email");
  for (const name of ["querySelectorAll", "querySelector", "appendChild", "addEventListener"]) form[name] = form.children[0];
  assert.equal(recorded(page({ forms: [form] }), { form }).snapshot().formLength, 2);
});

test("nothing is heard after the end", () => {
  const stage = page();
  const recording = recorded(stage);
  assert.equal(recording.touched(), false);
  recording.stop();
  stage.document.dispatchEvent(event("keydown", {}));
  assert.equal(recording.touched(), false);
});
