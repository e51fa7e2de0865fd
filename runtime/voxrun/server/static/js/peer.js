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
    this.connection.onconnectionstatechange = () => onState(this.connection.connectionState);
    /** Until it is through, nobody knows what was negotiated. @type {Promise<void>} */
    this.accepted = Promise.resolve();
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
   * Send keys as RFC 4733 events, once DTLS is up: before, a browser says that it cannot, or plays them into the void.
   * @param {string} digits @returns {Promise<boolean>} false when they were not negotiated: send a message instead
   */
  async sendTones(digits) {
    await this.#connected();
    const dtmf = this.sender.dtmf;
    if (!dtmf?.canInsertDTMF) return false;
    // insertDTMF replaces what waits, so keys pressed quickly are put behind it.
    dtmf.insertDTMF(dtmf.toneBuffer + digits, TONE_LENGTH, TONE_GAP);
    return true;
  }

  /** @returns {Promise<void> | undefined} */
  #connected() {
    const connection = this.connection;
    if (connection.connectionState === "connected") return undefined;
    return new Promise((resolve) => {
      const check = () => {
        if (connection.connectionState !== "connected") return;
        connection.removeEventListener("connectionstatechange", check);
        resolve();
      };
      connection.addEventListener("connectionstatechange", check);
    });
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
