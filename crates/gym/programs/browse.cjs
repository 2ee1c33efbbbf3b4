// Headless Chromium by Playwright, or by Puppeteer with the stealth plug-in and ghost-cursor: browse.cjs playwright|stealth.
// Reads run.json beside it.
'use strict';
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const run = JSON.parse(readFileSync(join(__dirname, 'run.json'), 'utf8'));
const executablePath = process.env.GYM_CHROMIUM;
const args = process.env.GYM_CHROMIUM_ARGS.split('\n');
const rest = ms => new Promise(done => setTimeout(done, ms));

// About as long as a person reads: log-normal, at most 6 s.
function reading() {
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return rest(Math.min(1000 * Math.exp(0.4 + 0.7 * normal), 6000));
}

async function opened(how) {
  if (how === 'playwright') {
    const { chromium } = require('playwright-core');
    const browser = await chromium.launch({ executablePath, headless: true, args });
    const context = await browser.newContext(run.agent ? { userAgent: run.agent } : {});
    return { browser, page: await context.newPage() };
  }
  const { addExtra } = require('puppeteer-extra');
  const core = require('puppeteer-core');
  const puppeteer = addExtra(core.default ?? core);
  puppeteer.use(require('puppeteer-extra-plugin-stealth')());
  const browser = await puppeteer.launch({ executablePath, headless: true, args });
  const page = await browser.newPage();
  return { browser, page, cursor: run.paused ? require('ghost-cursor').createCursor(page) : undefined };
}

async function lookAround({ page, cursor }) {
  for (let turns = 1 + Math.floor(Math.random() * 3); turns > 0; turns--) {
    await reading();
    if (cursor) await cursor.moveTo({ x: 50 + Math.random() * 600, y: 50 + Math.random() * 400 });
    else await page.mouse.move(50 + Math.random() * 600, 50 + Math.random() * 400, { steps: 12 });
    await page.evaluate(by => window.scrollBy({ top: by, behavior: 'smooth' }), 60 + Math.random() * 340);
  }
}

// Follows a link of the page where it should and there is one.
async function follow({ page, cursor }) {
  const links = await page.$$('li a, nav a');
  if (links.length === 0) return false;
  const link = links[Math.floor(Math.random() * links.length)];
  const arrives = page.waitForNavigation({ waitUntil: 'load', timeout: 15_000 });
  await Promise.all([arrives, cursor ? cursor.click(link) : link.click()]);
  return true;
}

async function main(how) {
  const place = await opened(how);
  try {
    for (const [at, target] of run.targets.entries()) {
      const followed = run.follows && at > 0 && await follow(place).catch(() => false);
      if (!followed) await place.page.goto(run.url + target, { waitUntil: 'load', timeout: 15_000 });
      if (run.paused) await lookAround(place);
    }
  } finally {
    await place.browser.close();
  }
}

main(process.argv[2]).catch(why => { console.error(String(why)); process.exit(1); });
