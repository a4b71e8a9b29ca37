// visit.mjs firefox|chromium JOB: one visit to a tip line, as a person makes it.
//
// JOB is JSON: {url, socks?, shots, prefix, message?, files?, widths?, also?,
// back?}
// Opens url; with message or files it fills the form, submits it and waits
// for a page that says how it went (class good or bad).  Screenshots go to
// shots/PREFIX-*.png; also holds further pages to take, as [name, url].  With
// back it notes the words on the receipt, follows the form's link to the page
// for answers, and types them there as people do.
// Prints a line of JSON: {browser, address, form, page, text}.  Exit code 0
// if a page of ours was shown at the end.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [which, text] = process.argv.slice(2);
const job = { prefix: which, files: [], widths: [], timeout: 120,
  also: [], back: false, ...JSON.parse(text) };
const { Firefox, Chromium } = await import(`./${which}.mjs`);
const page = "document.querySelector('main').id.replace('page-', '')";
const wait = (ms) => new Promise((ok) => setTimeout(ok, ms));
const deadline = Date.now() + job.timeout * 1000;

const shot = async (b, name) => {
  writeFileSync(join(job.shots, `${job.prefix}-${name}.png`), await b.screenshot(true));
};

const shots = async (b, name) => {
  for (const width of job.widths) {
    await b.size(width, 900);
    // A page that is wider than the window makes people scroll sideways.
    const wide = await b.evaluate('document.documentElement.scrollWidth');
    if (wide > width) throw new Error(`${name} is ${wide} px wide in a window of ${width}`);
    await shot(b, `${name}-${width}`);
  }
  await b.size(1000, 900);
  if (!job.widths.length) await shot(b, name);
};

const submit = async (b) => {
  if (job.message) await b.type('textarea[name=message]', job.message);
  if (job.files.length) {
    await b.choose('input[type=file][name=file]', job.files.map((f) => resolve(f)));
  }
  await shot(b, 'filled');
  await b.click('form [type=submit]');
};

// Through Tor a page comes in pieces: what is found on it is not all of it.
const whole = async (b) => {
  while (await b.evaluate('document.readyState').catch(() => '') !== 'complete') {
    if (Date.now() > deadline) throw new Error('the page does not end');
    await wait(100);
  }
};

const arrive = async (b) => {
  for (;;) {
    // Between two pages there may be no document to ask.
    const address = await b.address().catch(() => '');
    if (/^(about:neterror|chrome-error:)/.test(address)) {
      await shot(b, 'browser-error');
      throw new Error(`the browser shows its own error page: ${address}`);
    }
    for (const mark of ['good', 'bad']) {
      if (await b.find(`p.${mark}:not(#js):not(.relay)`).catch(() => undefined)) {
        await whole(b);
        return mark;
      }
    }
    if (Date.now() > deadline) {
      await shot(b, 'late');
      throw new Error(`none of our pages came; at ${address}`);
    }
    await wait(100);
  }
};

// The words as they stand on the page, in capitals and with their numbers.
const note = async (b) => (await b.evaluate(
  "[...document.querySelectorAll('ol.words li')].map((e) => e.innerText).join(' ')")).split(' ');

const comeBack = async (b, result) => {
  await b.open(job.url);
  await b.click('a[href="/return"]');
  while (!await b.find('textarea.code').catch(() => undefined)) {
    if (Date.now() > deadline) throw new Error('the link leads to no page for words');
    await wait(100);
  }
  await whole(b);
  await shots(b, 'return');
  await b.type('textarea[name=code]', result.words
    .map((w, i) => `${i + 1}. ${w.toUpperCase()}`).join('\n'));
  await shot(b, 'return-filled');
  await b.click('form [type=submit]');
  await arrive(b);
  result.backAddress = await b.address();
  result.back = await b.evaluate(page);
  await shots(b, 'answer');
};

mkdirSync(job.shots, { recursive: true });
const browser = await (Firefox ?? Chromium).start(job);
const alarm = setTimeout(() => {
  console.error('too late');
  browser.process.kill('SIGKILL');
}, (job.timeout + 20) * 1000);
let code = 1;
try {
  await browser.size(1000, 900);
  await browser.open(job.url);
  const result = { browser: browser.name };
  result.form = await browser.evaluate('document.body.innerText');
  await shots(browser, 'form');
  if (job.message || job.files.length) {
    await submit(browser);
    const mark = await arrive(browser);
    result.address = await browser.address();
    result.page = await browser.evaluate(page);
    result.text = await browser.evaluate('document.body.innerText');
    result.words = await note(browser);
    await shots(browser, mark === 'good' ? 'receipt' : 'refused');
    if (job.back) await comeBack(browser, result);
  }
  for (const [name, url] of job.also) {
    await browser.open(url);
    await shots(browser, name);
  }
  console.log(JSON.stringify(result));
  code = 0;
} catch (e) {
  console.error(`${which}: ${e.message}`);
} finally {
  clearTimeout(alarm);
  await browser.close();
}
process.exit(code);
