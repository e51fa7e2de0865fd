/**
 * The telephone: makes, takes and ends calls. It owns each call's peer connection and tracks, sends our
 * messages, takes the server's, and keeps ``calls`` and ``selected`` in the store.
 *
 * Several calls may be up at once (a scenario can ring the page that called it). The selected one has the
 * microphone; the others go on being heard.
 */

import { newCall, newCallId, soundFor } from "./calls.js";
import { MicrophoneError } from "./microphone.js";
import { Peer } from "./peer.js";
import { endSentence } from "./problems.js";

/**
 * @typedef {object} Line what belongs to a call and is no plain value
 * @property {Peer} peer
 * @property {MediaStreamTrack} track
 * @property {HTMLAudioElement} speaker
 * @property {boolean} usesMicrophone
 * @property {import("./audio.js").LevelMeter} [sent]
 * @property {import("./audio.js").LevelMeter} [heard]
 */

export class Phone {
  /**
   * @param {object} parts
   * @param {any} parts.store
   * @param {(message: object) => boolean} parts.send
   * @param {import("./microphone.js").Microphone} parts.microphone
   * @param {import("./audio.js").Audio} parts.audio
   * @param {HTMLElement} parts.speakers where audio elements live
   * @param {(code: string, again: (silent: boolean) => void) => void} parts.onMicrophone it failed
   */
  constructor({ store, send, microphone, audio, speakers, onMicrophone }) {
    Object.assign(this, { store, send, microphone, audio, speakers, onMicrophone });
    /** @type {Map<string, Line>} */
    this.lines = new Map();
    this.sound = "";
  }

  // --- what the person does -----------------------------------------------------------------

  /**
   * @param {{to: string, from: string, displayName: string, customData: string, headers: object}} wanted
   * @param {boolean} [silent] call without a microphone
   */
  async call(wanted, silent = false) {
    const id = newCallId();
    const detail = wanted.from ? `from ${wanted.from}` : "";
    this.#add(newCall({ id, direction: "out", party: wanted.to, detail, silent }));
    const offer = await this.#offer(id, silent, (again) => this.call(wanted, again));
    if (offer === null) return;
    this.#patch(id, { phase: "trying" });
    const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== ""));
    const sent = this.send({ ...given, type: "call", id, sdp: offer });
    if (!sent) this.#end(id, { by: "lost" });
  }

  async answer(id, silent = false) {
    if (this.get(id)?.phase !== "incoming") return;
    this.#patch(id, { phase: "answering", silent });
    this.select(id);
    const retry = (again) => void this.answer(id, again);
    const offer = await this.#offer(id, silent, retry, () => this.#patch(id, { phase: "incoming" }));
    if (offer !== null) this.send({ type: "answer", id, sdp: offer });
  }

  decline(id) {
    if (this.get(id)?.phase !== "incoming") return;
    this.send({ type: "decline", id, code: 603 });
    this.#end(id, { by: "you", code: 603 });
  }

  /** The call ends for the person at once; the server's "ended" for it is then old news. */
  hangup(id) {
    if (!this.get(id)) return;
    this.send({ type: "hangup", id });
    this.#end(id, { by: "you" });
  }

  /** Keys go by RFC 4733 where that was negotiated, else as a message. */
  async press(id, digits) {
    const call = this.get(id);
    const peer = this.lines.get(id)?.peer;
    if (!call || !peer || !["early", "connected"].includes(call.phase)) return;
    this.#patch(id, { keys: (call.keys + digits).slice(-32) });
    // An answer that cannot be used ends the call elsewhere: there is nobody to press keys for.
    const usable = await peer.accepted.then(() => true, () => false);
    if (usable && !(await peer.sendTones(digits))) this.send({ type: "dtmf", id, digits });
  }

  message(id, text) {
    return this.send({ type: "message", id, text });
  }

  hold(id, on) {
    this.send({ type: "hold", id, on });
  }

  mute(id, on) {
    this.#patch(id, { muted: on });
  }

  select(id) {
    this.store.set({ selected: id });
    this.#followSelection();
  }

  /** Give running calls the microphone's new track after its device or processing changed. */
  async useStream(stream) {
    for (const line of this.lines.values()) {
      if (!line.usesMicrophone) continue;
      line.track.stop();
      line.track = stream.getAudioTracks()[0].clone();
      await line.peer.replaceTrack(line.track);
      line.sent?.close();
      line.sent = this.audio.meter(new MediaStream([line.track]));
    }
    this.#followSelection();
  }

  /** Levels of the selected call, 0 to 1. @returns {{sent: number, heard: number} | null} */
  levels() {
    const line = this.lines.get(this.store.get().selected);
    if (!line) return null;
    return { sent: line.sent?.read() ?? 0, heard: line.heard?.read() ?? 0 };
  }

  /** @returns {import("./calls.js").Call | undefined} */
  get(id) {
    return this.store.get().calls.find((call) => call.id === id);
  }

  // --- what the server says -----------------------------------------------------------------

  /** @param {any} message @returns {boolean} whether it was about a call */
  receive(message) {
    const { type, id } = message;
    if (type === "incoming") return this.#incoming(message);
    if (id === undefined || !this.get(id)) return false;
    switch (type) {
      case "trying":
        this.#patch(id, { session: message.session ?? "" });
        return true;
      case "ringing":
        this.#patch(id, { phase: "ringing" });
        return true;
      case "early":
        this.#patch(id, { phase: "early" });
        void this.#accept(id, message.sdp);
        return true;
      case "answered":
        this.#patch(id, { phase: "connected", since: Date.now() });
        void this.#accept(id, message.sdp);
        return true;
      case "hold":
        this.#patch(id, { held: Boolean(message.on) });
        return true;
      case "ended":
        this.#end(id, message);
        return true;
      case "cancelled":
        this.#end(id, { ...message, by: "cancelled" });
        return true;
      case "error":
        return this.#refused(id, message);
      default:
        return false;
    }
  }

  /** The socket is gone, and with it every call (docs/signalling.md). */
  lost() {
    for (const call of this.store.get().calls) this.#end(call.id, { by: "lost" });
  }

  #incoming(message) {
    const party = message.displayName || message.from || "Unknown caller";
    const number = message.displayName && message.from !== message.displayName ? message.from : "";
    const detail = [number, message.to && `for ${message.to}`].filter(Boolean).join(" · ");
    const session = message.session ?? "";
    this.#add(newCall({ id: message.id, direction: "in", phase: "incoming", party, detail, session }));
    return true;
  }

  /** An error about a call that the server never took ends it; any other leaves it as it is. */
  #refused(id, message) {
    const call = this.get(id);
    const neverStarted = message.re === "call" || message.re === "answer" || call?.phase === "trying";
    if (!neverStarted || call?.phase === "connected") return false;
    this.#end(id, { by: "error", reason: message.message });
    return true;
  }

  async #accept(id, sdp) {
    try {
      await this.lines.get(id)?.peer.accept(sdp);
    } catch (error) {
      console.warn("The answer of voxrun cannot be used:", error);
      this.send({ type: "hangup", id });
      this.#end(id, { by: "error", reason: "The browser could not use the audio answer of voxrun" });
    }
  }

  // --- media --------------------------------------------------------------------------------

  /** Get the microphone and make an offer; null when that failed or the call was over meanwhile. */
  async #offer(id, silent, retry, undo = () => this.#remove(id)) {
    try {
      if (!silent) await this.microphone.acquire();
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      undo();
      this.onMicrophone(error.code, retry);
      return null;
    }
    if (!this.get(id)) {
      if (!silent) this.microphone.release();
      return null;
    }
    const line = this.#openLine(id, silent);
    if (this.get(id)?.phase === "asking") this.#patch(id, { phase: "offering" });
    const offer = await line.peer.offer();
    return this.get(id) ? offer : null;
  }

  #openLine(id, silent) {
    const stream = this.microphone.stream;
    const track = silent || !stream ? this.audio.silence() : stream.getAudioTracks()[0].clone();
    const speaker = document.createElement("audio");
    speaker.autoplay = true;
    this.speakers.append(speaker);
    const peer = new Peer(
      track,
      this.store.get().welcome?.iceServers ?? [],
      (heard) => this.#hear(id, heard),
      (state) => this.#mediaState(id, state),
    );
    /** @type {Line} */
    const line = { peer, track, speaker, usesMicrophone: !silent };
    line.sent = this.audio.meter(new MediaStream([track]));
    this.lines.set(id, line);
    this.#followSelection();
    return line;
  }

  #hear(id, stream) {
    const line = this.lines.get(id);
    if (!line) return;
    line.speaker.srcObject = stream;
    line.heard = this.audio.meter(stream);
    // The person has pressed Call or Answer, so browsers let it play; where one does not, say so.
    line.speaker.play().catch((error) => {
      if (error.name === "NotAllowedError") this.store.set({ soundBlocked: true });
    });
  }

  #mediaState(id, state) {
    if (state === "failed") {
      // Without a network it fails before voxrun has heard of the call.
      if (!["asking", "offering"].includes(this.get(id)?.phase ?? "")) this.send({ type: "hangup", id });
      this.#end(id, { by: this.lines.get(id)?.peer.unreachable ? "network" : "media" });
    } else if (state === "connected" || state === "disconnected") {
      this.#patch(id, { media: state });
    }
  }

  /** Only the selected call hears the person. */
  #followSelection() {
    const { calls, selected } = this.store.get();
    for (const call of calls) {
      const line = this.lines.get(call.id);
      if (line) line.track.enabled = call.id === selected && !call.muted && !call.held;
    }
    const sound = soundFor(calls);
    if (sound === this.sound) return;
    this.sound = sound;
    if (sound === "ring") this.audio.ring();
    else if (sound === "ringBack") this.audio.ringBack();
    else this.audio.quiet();
  }

  // --- the list of calls --------------------------------------------------------------------

  #add(call) {
    const { calls, selected } = this.store.get();
    const busy = calls.some((each) => each.id === selected);
    const lastEnd = call.direction === "out" ? null : this.store.get().lastEnd;
    const next = call.direction === "out" || !busy ? call.id : selected;
    this.store.set({ calls: [...calls, call], selected: next, lastEnd });
    this.#followSelection();
  }

  #patch(id, patch) {
    const calls = this.store.get().calls.map((call) => (call.id === id ? { ...call, ...patch } : call));
    this.store.set({ calls });
    this.#followSelection();
  }

  #remove(id) {
    const line = this.lines.get(id);
    this.lines.delete(id);
    if (line) {
      line.sent?.close();
      line.heard?.close();
      line.peer.close();
      line.track.stop();
      line.speaker.srcObject = null;
      line.speaker.remove();
      if (line.usesMicrophone) this.microphone.release();
    }
    const { calls, selected } = this.store.get();
    const left = calls.filter((call) => call.id !== id);
    const next = left.some((call) => call.id === selected) ? selected : (left[0]?.id ?? "");
    this.store.set({ calls: left, selected: next });
    this.#followSelection();
  }

  /** @param {string} id @param {{code?: number, reason?: string, by?: string, duration?: number}} end */
  #end(id, end) {
    const call = this.get(id);
    if (!call) return;
    const answered = call.since > 0;
    const duration = answered ? (end.duration ?? (Date.now() - call.since) / 1000) : 0;
    const sentence = endSentence({ ...end, answered });
    this.store.set({ lastEnd: { party: call.party, sentence, duration, good: answered && end.by !== "lost" } });
    this.#remove(id);
  }
}
