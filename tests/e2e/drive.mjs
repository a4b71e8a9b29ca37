// drive.mjs firefox|chromium OPTIONS: a browser that does as it is told.
//
// Reads lines of JSON, [method, ...arguments] of the classes in chromium.mjs
// and firefox.mjs, and answers each with a line: {value} or {error}.  Ends,
// and the browser with it, when there are no more.  The first line is
// {value: name and version}.
import { createInterface } from 'node:readline';

const [which, options] = process.argv.slice(2);
const { Firefox, Chromium } = await import(`./${which}.mjs`);
const browser = await (Firefox ?? Chromium).start(JSON.parse(options));
const say = (answer) => console.log(JSON.stringify(answer));

say({ value: browser.name });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const [method, ...args] = JSON.parse(line);
    const value = await browser[method](...args);
    say({ value: (Buffer.isBuffer(value) ? value.toString('base64') : value) ?? null });
  } catch (e) {
    say({ error: e.message });
  }
}
await browser.close();
process.exit(0);
