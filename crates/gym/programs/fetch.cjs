// Asks for one target after the other: fetch.cjs fetch|axios|exact. Reads run.json beside it. "exact" writes the headers in
// the order given, with Node's own http.
'use strict';
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const http = require('node:http');

const run = JSON.parse(readFileSync(join(__dirname, 'run.json'), 'utf8'));
const headers = run.header_sets[0] ?? [];
const rest = ms => new Promise(done => setTimeout(done, ms));
const pause = () => rest(run.pace_ms * (0.5 + Math.random()));

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let from = null;

function exact(url) {
  const list = [['Host', new URL(url).host]];
  for (const [name, value] of headers) {
    if (name === 'Accept-Encoding' && from) list.push(['Referer', from]);
    list.push([name, name === 'Sec-Fetch-Site' && from ? 'same-origin' : value]);
  }
  from = url;
  return new Promise((done, failed) => {
    const asked = http.get(url, { agent, headers: list.flat(), setHost: false }, answer => {
      answer.resume().on('end', done);
    });
    asked.on('error', failed);
  });
}

async function get(how, url) {
  if (how === 'exact') return exact(url);
  if (how === 'axios') {
    return require('axios').get(url, { headers: Object.fromEntries(headers), validateStatus: () => true });
  }
  const answer = await fetch(url, { headers: Object.fromEntries(headers) });
  return answer.text();
}

async function main(how) {
  const targets = [...run.targets];
  const worker = async () => {
    for (let target = targets.shift(); target !== undefined; target = targets.shift()) {
      await get(how, run.url + target);
      if (run.pace_ms > 0) await pause();
    }
  };
  await Promise.all(Array.from({ length: run.at_once }, worker));
  agent.destroy();
}

main(process.argv[2]).catch(why => { console.error(String(why)); process.exit(1); });
