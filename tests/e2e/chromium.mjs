// Chromium without a driver: the DevTools protocol over the WebSocket that
// --remote-debugging-port opens.  No npm package.  Scripts are off unless asked
// for.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Wire, ended } from './wire.mjs';

const flags = [
  '--headless=new', '--remote-debugging-port=0', '--no-first-run',
  '--lang=en-US',
  '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--disable-default-apps', '--disable-extensions',
  '--disable-gpu', '--hide-scrollbars', '--disable-dev-shm-usage',
  '--disable-features=HttpsUpgrades,HttpsFirstBalancedMode,'
    + 'HttpsFirstBalancedModeAutoEnable,OptimizationHints,MediaRouter,'
    + 'IsolateOrigins,site-per-process', // frames can be asked, too
  '--disable-site-isolation-trials',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

export class Chromium {
  static async start({ socks, scripts }) {
    const c = new Chromium();
    c.profile = mkdtempSync(join(tmpdir(), 'chromium-'));
    const args = [...flags, `--user-data-dir=${c.profile}`];
    if (process.getuid() === 0) args.push('--no-sandbox'); // it insists
    if (!scripts) args.push('--blink-settings=scriptEnabled=false');
    if (socks) {
      args.push(`--proxy-server=socks5://${socks}`,
        '--proxy-bypass-list=<-loopback>');
    }
    c.process = spawn(process.env.CHROMIUM ?? 'chromium',
      [...args, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, HOME: c.profile } });
    const url = await new Promise((ok, no) => {
      let text = '';
      c.process.stderr.on('data', (d) => {
        text += d;
        const m = /DevTools listening on (ws:\/\/\S+)/.exec(text);
        if (m) ok(m[1]);
      });
      c.process.on('error', no);
      c.process.on('exit', () => no(new Error(`chromium ended:\n${text}`)));
    });
    c.wire = await Wire.open(url);
    c.name = (await c.wire.call({ method: 'Browser.getVersion' })).product;
    const { targetInfos } = await c.wire.call({ method: 'Target.getTargets' });
    const page = targetInfos.find((t) => t.type === 'page');
    const { sessionId } = await c.wire.call({ method: 'Target.attachToTarget',
      params: { targetId: page.targetId, flatten: true } });
    c.session = sessionId;
    for (const domain of ['Page', 'DOM', 'Runtime']) await c.call(`${domain}.enable`);
    return c;
  }

  call(method, params = {}) {
    return this.wire.call({ method, params, sessionId: this.session });
  }

  async size(width, height) {
    await this.call('Emulation.setDeviceMetricsOverride',
      { width, height, deviceScaleFactor: 1, mobile: false });
  }

  // With wait 'none': for a page that goes on loading.
  async open(url, wait = 'complete') {
    const loaded = this.wire.event('Page.loadEventFired');
    const { errorText } = await this.call('Page.navigate', { url });
    if (errorText) throw new Error(errorText);
    if (wait !== 'none') await loaded;
  }

  address() {
    return this.evaluate('location.href');
  }

  async find(css) {
    const { root } = await this.call('DOM.getDocument');
    const { nodeId } = await this.call('DOM.querySelector',
      { nodeId: root.nodeId, selector: css });
    return nodeId || undefined;
  }

  // Runs in the driver's name; the page's own scripts stay off.
  async evaluate(expression) {
    const r = await this.call('Runtime.evaluate',
      { expression, returnByValue: true });
    if (r.exceptionDetails) throw new Error(r.exceptionDetails.text);
    return r.result.value;
  }

  // Off: a page that is loaded now is one without scripts.  On again, promises
  // and timers of what we evaluate in it run, and the page stays as it is.
  async runScripts(on) {
    await this.call('Emulation.setScriptExecutionDisabled', { value: !on });
  }

  // Runs in a world beside the page's own; its promise is awaited.
  async inOwnWorld(expression, frame) {
    const { frameTree } = await this.call('Page.getFrameTree');
    const { executionContextId } = await this.call('Page.createIsolatedWorld',
      { frameId: frame ?? frameTree.frame.id, worldName: 'driver' });
    const r = await this.call('Runtime.evaluate', { expression,
      contextId: executionContextId, returnByValue: true, awaitPromise: true });
    if (r.exceptionDetails) {
      throw new Error(r.exceptionDetails.exception?.description
        ?? r.exceptionDetails.text);
    }
    return r.result.value;
  }

  // What an expression gives in each frame of the page.
  async frames(expression) {
    const { frameTree } = await this.call('Page.getFrameTree');
    const values = [];
    for (const { frame } of frameTree.childFrames ?? []) {
      values.push(await this.inOwnWorld(expression, frame.id));
    }
    return values;
  }

  // {'prefers-color-scheme': 'dark', 'forced-colors': 'active'}
  async media(features) {
    await this.call('Emulation.setEmulatedMedia', { features: Object.entries(
      features).map(([name, value]) => ({ name, value })) });
  }

  async tab() {
    const key = { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 };
    await this.call('Input.dispatchKeyEvent', { type: 'keyDown', ...key });
    await this.call('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
  }

  async click(css) {
    const nodeId = await this.find(css);
    await this.call('DOM.scrollIntoViewIfNeeded', { nodeId });
    const { model } = await this.call('DOM.getBoxModel', { nodeId });
    const q = model.border;
    const at = { x: (q[0] + q[4]) / 2, y: (q[1] + q[5]) / 2,
      button: 'left', clickCount: 1 };
    await this.call('Input.dispatchMouseEvent', { type: 'mousePressed', ...at });
    await this.call('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at });
  }

  async type(css, text) {
    await this.click(css);
    for (const c of text) {
      if (c !== '\n') {
        await this.call('Input.insertText', { text: c });
        continue;
      }
      const key = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13 };
      await this.call('Input.dispatchKeyEvent', { type: 'keyDown', text: '\r', ...key });
      await this.call('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
    }
  }

  async choose(css, files) {
    await this.call('DOM.setFileInputFiles',
      { files, nodeId: await this.find(css) });
  }

  async screenshot(whole) {
    const { data } = await this.call('Page.captureScreenshot',
      { format: 'png', captureBeyondViewport: Boolean(whole) });
    return Buffer.from(data, 'base64');
  }

  async close() {
    await this.wire.call({ method: 'Browser.close' }).catch(() => {});
    await ended(this.process);
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
