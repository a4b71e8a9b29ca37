// Questions and answers over a WebSocket, numbered; the same for both
// browsers' protocols.  Debian's node (18) has no WebSocket of its own; ws lies
// where deploy/packages.sh (install_npm) puts it.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const folder = process.env.TIPLINE_NPM ??
  fileURLToPath(new URL('../../build/npm', import.meta.url));
const WebSocket = createRequire(`${folder}/package.json`)('ws');

export class Wire {
  static async open(url) {
    const w = new Wire();
    w.waiting = new Map();
    w.last = 0;
    w.socket = new WebSocket(url);
    await new Promise((ok, no) => {
      w.socket.onopen = ok;
      w.socket.onerror = () => no(new Error(`no WebSocket at ${url}`));
    });
    w.socket.onmessage = ({ data }) => w.take(JSON.parse(data));
    w.socket.onclose = () => {
      for (const { no } of w.waiting.values()) no(new Error('browser is gone'));
      w.waiting.clear();
    };
    return w;
  }

  take(message) {
    const asked = this.waiting.get(message.id);
    if (!asked) return; // an event
    this.waiting.delete(message.id);
    if (message.error) {
      // BiDi says {error, message}, DevTools {error: {message}}.
      const why = message.error.message ?? `${message.error}: ${message.message}`;
      asked.no(new Error(`${asked.method}: ${why}`));
    } else asked.ok(message.result);
  }

  call(message) {
    const id = ++this.last;
    return new Promise((ok, no) => {
      this.waiting.set(id, { ok, no, method: message.method });
      this.socket.send(JSON.stringify({ id, ...message }));
    });
  }
}

// Until the process has ended; killed after ten seconds.
export const ended = (child) => new Promise((ok) => {
  if (child.exitCode !== null || child.signalCode) return ok();
  const timer = setTimeout(() => child.kill('SIGKILL'), 10000);
  child.on('exit', () => { clearTimeout(timer); ok(); });
});
