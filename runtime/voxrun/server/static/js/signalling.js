/**
 * The WebSocket to voxrun (docs/signalling.md). It opens, notices when the server is gone, and opens again
 * by itself: first after half a second, then with growing pauses up to eight seconds, and at once when the
 * page comes back to the front or the network does.
 */

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8000;
const PING_EVERY = 15000;
const PONG_WITHIN = 8000;
const PROTOCOL = 1;

/** @typedef {"connecting" | "online" | "offline"} LinkState */

export class Signalling {
  /**
   * @param {string} url ws: or wss: address
   * @param {(message: any) => void} onMessage every message of the server, "welcome" first
   * @param {(state: LinkState, detail: {retryAt?: number, everOnline: boolean, code?: number}) => void} onState
   */
  constructor(url, onMessage, onState) {
    this.url = url;
    this.onMessage = onMessage;
    this.onState = onState;
    this.everOnline = false;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.pause = FIRST_PAUSE;
    this.retryTimer = 0;
    this.pingTimer = 0;
    this.pongTimer = 0;
  }

  open() {
    clearTimeout(this.retryTimer);
    this.onState("connecting", { everOnline: this.everOnline });
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onmessage = (event) => this.#receive(socket, event.data);
    socket.onclose = (event) => this.#closed(socket, event.code);
    window.addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
  }

  /** @returns {boolean} whether the message went out */
  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** Try again now when we are waiting to. */
  hurry = () => {
    if (this.socket === null && document.visibilityState === "visible") this.open();
  };

  #receive(socket, text) {
    if (socket !== this.socket) return;
    clearTimeout(this.pongTimer);
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      console.warn("voxrun sent something that is not JSON:", text);
      return;
    }
    if (message.type === "welcome") this.#welcomed(message);
    this.onMessage(message);
  }

  #welcomed(message) {
    this.pause = FIRST_PAUSE;
    this.everOnline = true;
    if (message.protocol !== undefined && message.protocol !== PROTOCOL) {
      console.warn(`This page speaks protocol ${PROTOCOL}, the server ${message.protocol}: reload the page.`);
    }
    clearInterval(this.pingTimer);
    this.pingTimer = window.setInterval(() => this.#ping(), PING_EVERY);
    this.onState("online", { everOnline: true });
  }

  #ping() {
    const socket = this.socket;
    if (!this.send({ type: "ping" })) return;
    clearTimeout(this.pongTimer);
    this.pongTimer = window.setTimeout(() => {
      // A dead peer may leave close() waiting for minutes: count it as closed now.
      socket?.close();
      this.#closed(socket, 1006);
    }, PONG_WITHIN);
  }

  #closed(socket, code) {
    if (socket !== this.socket) return;
    this.socket = null;
    clearInterval(this.pingTimer);
    clearTimeout(this.pongTimer);
    const wait = this.pause * (0.8 + Math.random() * 0.4);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    this.retryTimer = window.setTimeout(() => this.open(), wait);
    this.onState("offline", { retryAt: Date.now() + wait, everOnline: this.everOnline, code });
  }
}

/** The address of the signalling beside the page itself. @param {Location} location */
export function signallingUrl(location) {
  const url = new URL("ws", new URL(".", location.href));
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.search = "";
  url.hash = "";
  return url.href;
}
