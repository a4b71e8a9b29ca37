// Chromium without a driver: the DevTools protocol over the WebSocket that
// --remote-debugging-port opens.  Scripts off.
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
    + 'HttpsFirstBalancedModeAutoEnable,OptimizationHints,MediaRouter',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

export class Chromium {
  static async start({ socks, scripts = false }) {
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

  // Does not wait for the page: one with frames may never end.
  async open(url) {
    const { errorText } = await this.call('Page.navigate', { url });
    if (errorText) throw new Error(errorText);
  }

  async history(delta) {
    const { currentIndex, entries } = await this.call('Page.getNavigationHistory');
    await this.call('Page.navigateToHistoryEntry',
      { entryId: entries[currentIndex + delta].id });
  }

  async reload() {
    await this.call('Page.reload');
  }

  address() {
    return this.evaluate('location.href');
  }

  async find(css) {
    const { root } = await this.call('DOM.getDocument');
    const { nodeId } = await this.call('DOM.querySelector',
      { nodeId: root.nodeId, selector: css });
    if (!nodeId) throw new Error(`there is no ${css}`);
    return nodeId;
  }

  // Where to run what is for a frame: some are a process of their own.
  async within(frame) {
    if (!frame) return {};
    const { node } = await this.call('DOM.describeNode',
      { nodeId: await this.find(frame) });
    const { targetInfos } = await this.wire.call({ method: 'Target.getTargets' });
    if (targetInfos.some((t) => t.targetId === node.frameId)) {
      const { sessionId } = await this.wire.call({ method: 'Target.attachToTarget',
        params: { targetId: node.frameId, flatten: true } });
      return { sessionId };
    }
    const { executionContextId: contextId } = await this.call(
      'Page.createIsolatedWorld', { frameId: node.frameId });
    return { contextId };
  }

  // Runs in the driver's name; the page's own scripts stay off.
  async evaluate(expression, frame) {
    const { sessionId = this.session, contextId } = await this.within(frame);
    const r = await this.wire.call({ method: 'Runtime.evaluate', sessionId,
      params: { expression, contextId, returnByValue: true } });
    if (sessionId !== this.session) {
      await this.wire.call({ method: 'Target.detachFromTarget', params: { sessionId } });
    }
    if (r.exceptionDetails) throw new Error(r.exceptionDetails.text);
    return r.result.value ?? null;
  }

  // Off: a page that is loaded now is one without scripts.  On again, promises
  // and timers of what we evaluate in it run, and the page stays as it is.
  async runScripts(on) {
    await this.call('Emulation.setScriptExecutionDisabled', { value: !on });
  }

  // Runs in a world beside the page's own; its promise is awaited.
  async beside(expression) {
    const { frameTree } = await this.call('Page.getFrameTree');
    const { executionContextId } = await this.call('Page.createIsolatedWorld',
      { frameId: frameTree.frame.id, worldName: 'beside' });
    const r = await this.call('Runtime.evaluate', { expression,
      contextId: executionContextId, returnByValue: true, awaitPromise: true });
    if (r.exceptionDetails) {
      throw new Error(r.exceptionDetails.exception?.description
        ?? r.exceptionDetails.text);
    }
    return r.result.value;
  }

  // {'prefers-color-scheme': 'dark', 'forced-colors': 'active'}
  async media(features) {
    await this.call('Emulation.setEmulatedMedia', { features: Object.entries(
      features).map(([name, value]) => ({ name, value })) });
  }

  async click(x, y, frame) {
    const at = { x, y, button: 'left', clickCount: 1 };
    if (frame) {
      await this.call('DOM.scrollIntoViewIfNeeded', { nodeId: await this.find(frame) });
      const { model } = await this.call('DOM.getBoxModel', { nodeId: await this.find(frame) });
      at.x += model.content[0];
      at.y += model.content[1];
    }
    await this.call('Input.dispatchMouseEvent', { type: 'mousePressed', ...at });
    await this.call('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at });
  }

  async press(name) {
    const [key, code, text] = { Tab: ['Tab', 9, ''], Enter: ['Enter', 13, '\r'],
      Space: [' ', 32, ' '] }[name];
    const event = { key, code: name, windowsVirtualKeyCode: code };
    await this.call('Input.dispatchKeyEvent',
      { type: text ? 'keyDown' : 'rawKeyDown', text, ...event });
    await this.call('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  }

  async type(text) {
    for (const part of text.split(/(\n)/)) {
      if (part === '\n') await this.press('Enter');
      else if (part) await this.call('Input.insertText', { text: part });
    }
  }

  async choose(css, files) {
    await this.call('DOM.setFileInputFiles',
      { files, nodeId: await this.find(css) });
  }

  async screenshot(whole) {
    // Beyond the window it misplaces pages that are written from the right.
    const [width, height, all] = JSON.parse(await this.evaluate(
      'JSON.stringify([innerWidth, innerHeight, document.documentElement.scrollHeight])'));
    if (whole) await this.size(width, Math.max(height, all));
    const { data } = await this.call('Page.captureScreenshot', { format: 'png' });
    if (whole) await this.size(width, height);
    return Buffer.from(data, 'base64');
  }

  async close() {
    await this.wire.call({ method: 'Browser.close' }).catch(() => {});
    await ended(this.process);
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
