/** One RTCPeerConnection with one audio line in each direction. The page always makes the offer. */

const GATHER_AT_MOST = 500;
const TONE_LENGTH = 160;
const TONE_GAP = 80;

export class Peer {
  /**
   * @param {MediaStreamTrack} track the caller's audio
   * @param {RTCIceServer[]} iceServers of the server's settings; usually none: voxrun is reached directly
   * @param {(stream: MediaStream) => void} onAudio the far end's audio, once
   * @param {(state: RTCPeerConnectionState) => void} onState
   */
  constructor(track, iceServers, onAudio, onState) {
    this.connection = new RTCPeerConnection({ iceServers });
    this.connection.ontrack = (event) => onAudio(event.streams[0] ?? new MediaStream([event.track]));
    this.connection.onconnectionstatechange = () => {
      onState(this.connection.connectionState);
      this.#sendEarly();
    };
    /** Until it is through, nobody knows what was negotiated. @type {Promise<void>} */
    this.accepted = Promise.resolve();
    /** Keys that were pressed before the audio was connected. */
    this.early = "";
    this.sender = this.connection.addTransceiver(track, { direction: "sendrecv" }).sender;
  }

  /** @returns {Promise<string>} a complete offer; what was not gathered in half a second is left out */
  async offer() {
    const connection = this.connection;
    await connection.setLocalDescription(await connection.createOffer());
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, GATHER_AT_MOST);
      const check = () => {
        if (connection.iceGatheringState !== "complete") return;
        clearTimeout(timer);
        resolve(undefined);
      };
      connection.addEventListener("icegatheringstatechange", check);
      check();
    });
    return connection.localDescription?.sdp ?? "";
  }

  /** Whether the browser has found no address to send from: then no call is possible. */
  get unreachable() {
    return !this.connection.localDescription?.sdp.includes("a=candidate:");
  }

  /** Take the server's answer. Early media brings it first; a second one is not needed. */
  accept(sdp) {
    if (sdp && this.connection.signalingState === "have-local-offer") {
      this.accepted = this.connection.setRemoteDescription({ type: "answer", sdp });
    }
    return this.accepted;
  }

  /**
   * Send keys as RFC 4733 events.
   * @param {string} digits @returns {boolean} false when they were not negotiated: send a message instead
   */
  sendTones(digits) {
    const dtmf = this.sender.dtmf;
    if (!dtmf?.canInsertDTMF) return false;
    if (this.connection.connectionState !== "connected") {
      // Before DTLS is up the browser would play them into the void.
      this.early += digits;
      return true;
    }
    // insertDTMF replaces what waits, so keys pressed quickly are put behind it.
    dtmf.insertDTMF(dtmf.toneBuffer + digits, TONE_LENGTH, TONE_GAP);
    return true;
  }

  #sendEarly() {
    if (!this.early || this.connection.connectionState !== "connected") return;
    const digits = this.early;
    this.early = "";
    this.sendTones(digits);
  }

  /** @param {MediaStreamTrack} track the caller's audio from now on */
  async replaceTrack(track) {
    await this.sender.replaceTrack(track);
  }

  close() {
    this.connection.ontrack = null;
    this.connection.onconnectionstatechange = null;
    this.connection.close();
  }
}
