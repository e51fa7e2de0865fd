/** What the page knows of a call, and the pure rules about it. Media and messages are in phone.js. */

/**
 * @typedef {"asking" | "offering" | "trying" | "ringing" | "early" | "incoming" | "answering" | "connected"} Phase
 * asking: for the microphone; offering: the offer is being made; trying: voxrun has it.
 *
 * @typedef {object} Call
 * @property {string} id
 * @property {"out" | "in"} direction
 * @property {Phase} phase
 * @property {string} party whom we talk with, as text
 * @property {string} detail the line under it
 * @property {string} session id, "" while unknown
 * @property {number} since Date.now() of the answer, 0 before
 * @property {boolean} muted
 * @property {boolean} held
 * @property {boolean} silent called without a microphone
 * @property {string} keys pressed so far
 * @property {"" | "connected" | "disconnected" | "failed"} media
 */

/** @param {Partial<Call> & {id: string, direction: "out" | "in", party: string}} given @returns {Call} */
export function newCall(given) {
  return {
    phase: "asking",
    detail: "",
    session: "",
    since: 0,
    muted: false,
    held: false,
    silent: false,
    keys: "",
    media: "",
    ...given,
  };
}

/** @param {Call} call @returns {string} */
export function phaseText(call) {
  if (call.phase === "connected" && call.media === "disconnected") return "The audio was interrupted";
  if (call.phase === "connected" && call.held) return "On hold";
  return {
    asking: "Waiting for the microphone",
    offering: "Calling",
    trying: "Calling",
    ringing: "Ringing",
    early: "Before the answer",
    incoming: "Incoming call",
    answering: "Answering",
    connected: "Connected",
  }[call.phase];
}

/** @param {Call[]} calls @returns {"ring" | "ringBack" | ""} the sound that fits */
export function soundFor(calls) {
  const talking = calls.some((call) => call.phase === "connected" || call.phase === "early");
  if (talking) return "";
  if (calls.some((call) => call.phase === "incoming")) return "ring";
  return calls.some((call) => call.phase === "ringing") ? "ringBack" : "";
}

/** @returns {string} an id for a call of ours; not randomUUID, which plain http does not have */
export function newCallId() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `out-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * "X-Account: 42" lines to an object.
 * @param {string} text
 * @returns {{headers: Record<string, string>, wrong: string}} ``wrong``: the first line that is none
 */
export function parseHeaders(text) {
  /** @type {Record<string, string>} */
  const headers = {};
  for (const line of text.split("\n").map((each) => each.trim()).filter(Boolean)) {
    const match = /^([A-Za-z0-9-]+)\s*:\s*(.*)$/.exec(line);
    if (!match) return { headers, wrong: line };
    headers[match[1]] = match[2];
  }
  return { headers, wrong: "" };
}
