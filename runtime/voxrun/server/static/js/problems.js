/** What can be in the way of a call, each as one plain sentence and what to do about it. */

/**
 * @typedef {object} Problem
 * @property {string} id one notice for each
 * @property {"error" | "warning" | "info"} level
 * @property {string} title the fact
 * @property {string} advice what to do
 */

/** @type {Record<string, Omit<Problem, "id">>} */
const MICROPHONE = {
  denied: {
    level: "error",
    title: "The browser does not let this page use the microphone.",
    advice: "Allow it in the site settings beside the address, then press Call again.",
  },
  dismissed: {
    level: "warning",
    title: "The question for the microphone was closed without an answer.",
    advice: "Press Call again and choose Allow.",
  },
  missing: {
    level: "error",
    title: "No microphone was found.",
    advice: "Plug one in, or call without a microphone: you will hear, and can press keys.",
  },
  busy: {
    level: "error",
    title: "The microphone is there, but it does not start.",
    advice: "Another program may hold it: close that, or choose another microphone.",
  },
  insecure: {
    level: "error",
    title: "Browsers give no microphone to a page that came over plain http from another machine.",
    advice: "Open it on the machine where voxrun runs, as http://localhost, or start voxrun with --tls self-signed.",
  },
  unsupported: {
    level: "error",
    title: "This browser offers no microphone to web pages.",
    advice: "Use a current Chrome, Edge, Firefox or Safari.",
  },
};

/** @param {string} code a key of the table above @returns {Problem} */
export function microphoneProblem(code) {
  return { id: "microphone", ...(MICROPHONE[code] ?? MICROPHONE.busy) };
}

/** @param {any} error what getUserMedia threw @returns {string} a code for ``microphoneProblem`` */
export function microphoneCode(error) {
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return /dismissed/i.test(error.message) ? "dismissed" : "denied";
    case "NotFoundError":
      return "missing";
    default:
      return "busy";
  }
}

/** @param {boolean} everOnline whether this page ever reached the server @returns {Problem} */
export function serverProblem(everOnline) {
  return everOnline
    ? {
        id: "server",
        level: "error",
        title: "voxrun does not answer any more.",
        advice: "Its terminal says why. This page connects again by itself as soon as it runs.",
      }
    : {
        id: "server",
        level: "error",
        title: "voxrun cannot be reached.",
        advice: "Start it in a terminal: bin/voxrun scenarios/inbound.js. This page connects by itself.",
      };
}

/** What a SIP code means for the person who called. */
const CODES = {
  403: "Not allowed",
  404: "No such number or user",
  408: "No answer",
  410: "The number is no longer in use",
  480: "Not reachable at the moment",
  486: "Busy",
  487: "Given up before it was answered",
  500: "The scenario failed",
  503: "Not available",
  603: "Declined",
};

/** Why an incoming call is over before it was answered here. */
const CANCELLED = { 200: "Answered on another page", 408: "You did not answer in time", 487: "The caller gave up" };

/**
 * One line on how a call ended.
 * @param {{code?: number, reason?: string, by?: string, answered: boolean}} end
 */
export function endSentence({ code, reason, by, answered }) {
  if (by === "lost") return "The connection to voxrun was lost";
  if (by === "network") {
    return "This browser finds no network to call over. Firefox needs one even for this machine: see voxrun's README";
  }
  if (by === "media") return "The audio connection was lost";
  if (by === "cancelled") return CANCELLED[code ?? 0] ?? "The caller gave up";
  if (answered && by === "you") return "You hung up";
  if (answered && by === "scenario") return "The scenario hung up";
  if (by === "you") return code === 603 ? "You declined" : "You hung up before the answer";
  const meaning = code === undefined ? undefined : CODES[code];
  const said = [code, reason].filter(Boolean).join(" ");
  if (meaning && said && meaning !== reason) return `${meaning} (${said})`;
  return meaning ?? (said || "The call ended");
}
