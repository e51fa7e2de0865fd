/**
 * The sessions this page knows, and the journal of each that was looked at. Our own call's session is shown
 * when the call begins; without a call the newest one, until the person chooses another.
 */

import { Journal } from "./journal.js";

const KEPT = 24;

export class Sessions {
  /** @param {any} store @param {(message: object) => boolean} send */
  constructor(store, send) {
    this.store = store;
    this.send = send;
    /** @type {Map<string, Journal>} */
    this.journals = new Map();
    /** @type {Set<string>} sessions of this page's own calls */
    this.own = new Set();
  }

  /** @returns {Journal | null} of the shown session */
  get journal() {
    return this.journals.get(this.store.get().shown) ?? null;
  }

  isOwn(id) {
    return this.own.has(id);
  }

  /** After each connect: the list, and the records again (the journal knows those it has). */
  welcome(list) {
    // A session that the server does not know any more was lost with it.
    const known = new Set(list.map((session) => session.id));
    const gone = this.store.get().sessions
      .filter((session) => !known.has(session.id))
      .map((session) => (session.state === "ended" ? session : { ...session, state: "ended", reason: "voxrun was stopped" }));
    this.store.set({ sessions: [...gone, ...list] });
    for (const { id, state } of this.store.get().sessions) this.#noteEnd(id, state);
    const { shown } = this.store.get();
    if (known.has(shown)) this.send({ type: "watch", session: shown });
    else if (!shown && list.length) this.show(list.at(-1).id);
  }

  /** @param {{id: string, state: string, reason?: string}} session */
  changed({ type, ...session }) {
    const { sessions } = this.store.get();
    const before = sessions.find((each) => each.id === session.id);
    const since = before ? before.since : Date.now();
    const merged = { ...before, ...session, since };
    this.store.set({
      sessions: before ? sessions.map((each) => (each === before ? merged : each)) : [...sessions, merged],
    });
    this.#noteEnd(session.id, session.state);
    if (!before && this.store.get().calls.length === 0) this.show(session.id);
  }

  /** A call of this page belongs to this session. @param {string} id @param {boolean} look show it */
  joined(id, look) {
    if (!id || this.own.has(id)) return;
    this.own.add(id);
    const { sessions } = this.store.get();
    if (!sessions.some((each) => each.id === id)) {
      this.store.set({ sessions: [...sessions, { id, state: "started", reason: "", since: Date.now() }] });
    }
    if (look) this.show(id, true);
  }

  /** The server is gone: what it ran stands still. */
  lost() {
    const { sessions } = this.store.get();
    this.store.set({
      sessions: sessions.map((each) => (each.state === "ended" ? each : { ...each, state: "unknown" })),
    });
    for (const journal of this.journals.values()) journal.stop(performance.now());
  }

  /** @param {string} id @param {boolean} [again] draw it anew although it is shown already */
  show(id, again = false) {
    if (!id || (!again && id === this.store.get().shown)) return;
    if (!this.journals.has(id)) this.journals.set(id, new Journal(id));
    this.send({ type: "watch", session: id });
    if (again) this.store.set({ shown: "" });
    this.store.set({ shown: id });
    this.#forget();
  }

  record(id, record) {
    const isNew = this.journals.get(id)?.apply(record, performance.now());
    if (isNew && record.k === "session" && record.state) {
      this.changed({ type: "session", id, state: record.state, reason: record.reason ?? "" });
    }
  }

  #noteEnd(id, state) {
    const journal = this.journals.get(id);
    if (journal) journal.over = state === "ended";
  }

  #forget() {
    const { shown } = this.store.get();
    for (const id of this.journals.keys()) {
      if (this.journals.size <= KEPT) return;
      if (id !== shown) this.journals.delete(id);
    }
  }
}
