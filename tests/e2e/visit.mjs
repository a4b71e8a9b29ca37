// visit.mjs firefox|chromium OPTIONS: a browser that does what it is told.
//
// OPTIONS is JSON: {socks?, scripts?, prefs?, shots}; prefs are Firefox's.  Each line on standard input is
// a step as JSON, {step, ...}, and is answered by a line: {value} or {error}.
// The steps are the functions below; browser.py calls them.  css names the
// first element that fits; with frame (css of an iframe) it is in that frame.
// The browser ends with the input.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const [which, text] = process.argv.slice(2);
const options = JSON.parse(text);
const { Firefox, Chromium } = await import(`./${which}.mjs`);
const pause = (ms) => new Promise((ok) => setTimeout(ok, ms));
let b;
let seen = 0;

// What is on the screen now is not what a step leads to.
const mark = () => b.evaluate(
  `document.documentElement.dataset.seen = ${++seen}`).catch(() => {});

const shot = async (name) => {
  writeFileSync(join(options.shots, `${name}.png`), await b.screenshot(true));
};

// The name of one of our pages, once it is there and has been read to its
// end; what its frames load is not waited for.
const named = `(() => {
  const d = document, m = d.querySelector('main[id^=page-]');
  return d.readyState !== 'loading' && m
    ? [m.id.slice(5), d.documentElement.dataset.seen ?? ''].join(' ') : '';
})()`;

const steps = {
  async open({ url }) {
    await mark();
    await b.open(url);
  },
  // Until there is another page than before the last step that may lead away.
  async wait({ frame, seconds = 30 }) {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      // Between two pages there may be no document to ask.
      const [page, old] = (await b.evaluate(named, frame).catch(() => '')).split(' ');
      if (page && (frame || old !== String(seen))) return page;
      const address = await b.address().catch(() => '');
      if (/^(about:neterror|chrome-error:)/.test(address)) {
        throw new Error(`the browser shows its own error page: ${address}`);
      }
      if (Date.now() > end) {
        await shot('late');
        throw new Error(`no page of ours came; at ${address} is ${page || 'nothing'}`);
      }
      await pause(50);
    }
  },
  async click({ css, frame }) {
    await mark();
    const where = (go) => b.evaluate(`(() => {
      const e = document.querySelector(${JSON.stringify(css)});
      if (${go}) e?.scrollIntoView({ block: 'center', behavior: 'instant' });
      const r = e?.getClientRects()[0];
      return r ? JSON.stringify([r.x + r.width / 2, r.y + r.height / 2]) : null;
    })()`, frame);
    // A browser scrolls a moment later to what was typed.
    let at;
    do {
      at = await where(true);
      await pause(50);
    } while (at !== await where(false));
    if (!at) throw new Error(`there is no ${css} to click`);
    const [x, y] = JSON.parse(at);
    await b.click(Math.round(x), Math.round(y), frame);
  },
  // Into what has the focus.
  async type({ text: words }) {
    await b.type(words);
  },
  async press({ key }) {
    await mark();
    await b.press(key);
  },
  async choose({ css, files }) {
    await b.choose(css, files.map((f) => resolve(f)));
  },
  evaluate: ({ expression, frame }) => b.evaluate(expression, frame),
  address: () => b.address(),
  // So many pages back, or on.
  async history({ delta }) {
    await mark();
    await b.history(delta);
  },
  async reload() {
    await mark();
    await b.reload();
  },
  async shots({ name, widths }) {
    for (const width of widths) {
      await b.size(width, 900);
      // A page that is wider than the window makes people scroll sideways.
      const wide = await b.evaluate('document.documentElement.scrollWidth');
      await shot(`${name}-${width}`);
      if (wide > width) throw new Error(`${name} is ${wide} px wide in a window of ${width}`);
    }
    await b.size(1000, 900);
  },
  size: ({ width, height }) => b.size(width, height),
  // The whole page, as PNG in base64.
  picture: async () => (await b.screenshot(true)).toString('base64'),
  // These are Chromium's alone.
  media: ({ features }) => b.media(features),
  runScripts: ({ on }) => b.runScripts(on),
  beside: ({ expression }) => b.beside(expression),
  // What is in the window, as it is.
  async view({ name }) {
    writeFileSync(join(options.shots, `${name}.png`), await b.screenshot(false));
  },
};

const answer = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

mkdirSync(options.shots, { recursive: true });
try {
  b = await (Firefox ?? Chromium).start(options);
  await b.size(1000, 900);
  answer({ value: b.name });
  for await (const line of createInterface({ input: process.stdin })) {
    const { step, ...rest } = JSON.parse(line);
    try {
      answer({ value: await steps[step](rest) ?? null });
    } catch (e) {
      answer({ error: `${which}: ${step}: ${e.message}` });
    }
  }
} catch (e) {
  answer({ error: `${which}: ${e.message}` });
}
await b?.close();
process.exit(0);
