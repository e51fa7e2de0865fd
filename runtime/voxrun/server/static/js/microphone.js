/**
 * The microphone: asked for when it is needed, shared by the calls that need it, and let go when the last
 * one is over, so that the browser's recording sign never stays on without a reason.
 */

import { microphoneCode } from "./problems.js";

export class MicrophoneError extends Error {
  /** @param {string} code see problems.js */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

export class Microphone {
  /**
   * @param {import("./audio.js").Audio} audio
   * @param {(devices: {id: string, label: string}[]) => void} onDevices
   */
  constructor(audio, onDevices) {
    this.audio = audio;
    this.onDevices = onDevices;
    this.deviceId = "";
    this.processing = true;
    /** @type {MediaStream | null} */
    this.stream = null;
    this.users = 0;
    /** @type {Promise<MediaStream> | null} */
    this.opening = null;
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.listDevices());
  }

  /** Names are empty until the microphone was allowed once; such devices are left out. */
  async listDevices() {
    const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    this.onDevices(
      all
        .filter((device) => device.kind === "audioinput" && device.label && device.deviceId !== "default")
        .map((device) => ({ id: device.deviceId, label: device.label })),
    );
  }

  /**
   * A live stream; every ``acquire`` wants one ``release``.
   * @throws {MicrophoneError}
   */
  async acquire() {
    this.users += 1;
    try {
      // Two callers at once share one question to the person.
      this.opening ??= this.stream ? Promise.resolve(this.stream) : this.#ask();
      this.stream = await this.opening;
      return this.stream;
    } catch (error) {
      this.users -= 1;
      throw error;
    } finally {
      this.opening = null;
    }
  }

  release() {
    this.users = Math.max(0, this.users - 1);
    if (this.users === 0) this.#stop();
  }

  /** Change the device or the processing under running calls; they get the new track from the caller. */
  async reopen() {
    if (!this.stream) return null;
    const next = await this.#ask();
    this.#stop();
    this.stream = next;
    return next;
  }

  #stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }

  async #ask() {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new MicrophoneError(window.isSecureContext ? "unsupported" : "insecure");
    }
    const options = {
      echoCancellation: this.processing,
      noiseSuppression: this.processing,
      autoGainControl: this.processing,
    };
    const wanted = this.deviceId ? { ...options, deviceId: { exact: this.deviceId } } : options;
    try {
      return await this.#open(wanted);
    } catch (error) {
      // The chosen device may have been unplugged since: the default is better than no call.
      if (error?.name !== "OverconstrainedError") throw new MicrophoneError(microphoneCode(error));
      this.deviceId = "";
      try {
        return await this.#open(options);
      } catch (second) {
        throw new MicrophoneError(microphoneCode(second));
      }
    }
  }

  async #open(audio) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    void this.listDevices();
    return stream;
  }
}
