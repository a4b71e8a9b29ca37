// Firefox without a driver: WebDriver BiDi over the WebSocket that
// --remote-debugging-port opens.  Set up like Tor Browser at
// the level Safest: scripts off, everything through SOCKS, no calls home.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Wire, ended } from './wire.mjs';

const prefs = {
  'svg.disabled': true,
  'mathml.disabled': true,
  'gfx.font_rendering.graphite.enabled': false,
  'gfx.font_rendering.opentype_svg.enabled': false,
  'webgl.disabled': true,
  'media.peerconnection.enabled': false,
  'privacy.resistFingerprinting': true,
  'privacy.firstparty.isolate': true,
  'network.http.referer.hideOnionSource': true,
  'dom.securecontext.allowlist_onions': true,
  'dom.security.https_only_mode': true,
  'dom.security.https_only_mode.upgrade_onion': false,
  'network.dns.blockDotOnion': false,
  'network.dns.disablePrefetch': true,
  'network.trr.mode': 5,
  'network.http.http3.enable': false,
  'network.http.connection-retry-timeout': 0,
  'network.http.speculative-parallel-limit': 0,
  'network.predictor.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'browser.cache.disk.enable': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.startup.page': 0,
  'browser.safebrowsing.downloads.remote.enabled': false,
  'browser.region.network.url': '',
  'app.normandy.enabled': false,
  'app.update.auto': false,
  'extensions.getAddons.cache.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'security.OCSP.enabled': 0,
  'toolkit.startup.max_resumed_crashes': -1,
  'remote.active-protocols': 1,
};

// With no SOCKS address: straight to 127.0.0.1, for which https-only is off.
const proxyPrefs = (socks) => {
  if (!socks) return { 'dom.security.https_only_mode': false };
  const [host, port] = socks.split(':');
  return {
    'network.dns.disabled': true,
    'network.proxy.type': 1,
    'network.proxy.socks': host,
    'network.proxy.socks_port': Number(port),
    'network.proxy.socks_version': 5,
    'network.proxy.socks_remote_dns': true,
    'network.proxy.socks5_remote_dns': true,
    'network.proxy.no_proxies_on': '',
    'network.proxy.allow_hijacking_localhost': true,
    'network.proxy.failover_direct': false,
  };
};

export class Firefox {
  static async start({ socks, scripts = false, prefs: more }) {
    const f = new Firefox();
    f.profile = mkdtempSync(join(tmpdir(), 'firefox-'));
    const all = { 'javascript.enabled': scripts, ...prefs,
      ...proxyPrefs(socks), ...more };
    writeFileSync(join(f.profile, 'user.js'), Object.entries(all)
      .map(([k, v]) => `user_pref(${JSON.stringify(k)}, ${JSON.stringify(v)});\n`)
      .join(''));
    f.process = spawn(process.env.FIREFOX ?? 'firefox-esr',
      ['--headless', '--no-remote', '--profile', f.profile,
        '--remote-debugging-port', '0', 'about:blank'],
      { stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, HOME: f.profile } });
    const url = await new Promise((ok, no) => {
      let text = '';
      f.process.stderr.on('data', (d) => {
        text += d;
        const m = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(text);
        if (m) ok(m[1]);
      });
      f.process.on('error', no);
      f.process.on('exit', () => no(new Error(`firefox ended:\n${text}`)));
    });
    f.wire = await Wire.open(`${url}/session`);
    const s = await f.call('session.new', { capabilities: {} });
    f.name = `${s.capabilities.browserName} ${s.capabilities.browserVersion}`;
    // In the first tab nothing ever gets the focus.
    f.context = (await f.call('browsingContext.create', { type: 'tab' })).context;
    return f;
  }

  call(method, params = {}) {
    return this.wire.call({ method, params });
  }

  async size(width, height) {
    await this.call('browsingContext.setViewport',
      { context: this.context, viewport: { width, height } });
  }

  // Does not wait for the page: one with frames may never end, and from one
  // such page to another not even this answer comes before.
  async open(url) {
    this.call('browsingContext.navigate',
      { context: this.context, url, wait: 'none' }).catch(() => {});
  }

  async history(delta) {
    await this.call('browsingContext.traverseHistory',
      { context: this.context, delta });
  }

  // What was sent with a form makes it ask first, and it waits.
  async reload() {
    this.call('browsingContext.reload',
      { context: this.context, wait: 'none' }).catch(() => {});
  }

  async address() {
    const { contexts } = await this.call('browsingContext.getTree',
      { root: this.context });
    return contexts[0].url;
  }

  // Runs in a realm of the driver; the page's own scripts stay off.
  async result(expression, context) {
    const r = await this.call('script.evaluate', { expression,
      target: { context, sandbox: 'test' }, awaitPromise: false });
    if (r.type !== 'success') throw new Error(r.exceptionDetails.text);
    return r.result;
  }

  // The window, or the frame in it that css names.
  async within(frame) {
    if (!frame) return this.context;
    const r = await this.result(
      `document.querySelector(${JSON.stringify(frame)}).contentWindow`, this.context);
    return r.value.context;
  }

  async evaluate(expression, frame) {
    return (await this.result(expression, await this.within(frame))).value ?? null;
  }

  async click(x, y, frame) {
    await this.call('input.performActions', { context: await this.within(frame),
      actions: [{ type: 'pointer', id: 'mouse', actions: [
        { type: 'pointerMove', x, y },
        { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }] }] });
  }

  async keys(values) {
    await this.call('input.performActions', { context: this.context,
      actions: [{ type: 'key', id: 'keyboard', actions: values.flatMap((value) => [
        { type: 'keyDown', value }, { type: 'keyUp', value }]) }] });
  }

  async type(text) {
    await this.keys([...text].map((c) => (c === '\n' ? '\uE007' : c)));
  }

  async press(key) {
    await this.keys([{ Tab: '\uE004', Enter: '\uE007', Space: ' ' }[key]]);
  }

  async choose(css, files) {
    const { nodes } = await this.call('browsingContext.locateNodes',
      { context: this.context, locator: { type: 'css', value: css } });
    await this.call('input.setFiles', { context: this.context,
      element: { sharedId: nodes[0].sharedId }, files });
  }

  async screenshot(whole) {
    const { data } = await this.call('browsingContext.captureScreenshot',
      { context: this.context, origin: whole ? 'document' : 'viewport' });
    return Buffer.from(data, 'base64');
  }

  async close() {
    await this.call('browser.close').catch(() => {});
    await ended(this.process);
    rmSync(this.profile, { recursive: true, force: true });
  }
}
