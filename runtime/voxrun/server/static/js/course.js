/**
 * The course of a session over time, as the timeline draws it: spans and marks on lanes. No DOM.
 *
 * Lanes: "caller" (what was understood, keys; the level of the microphone), "agent" (when it speaks and
 * thinks; the level that was heard), "tools" (from the invocation to its result), "session" (the rest).
 */

/**
 * @typedef {object} Mark
 * @property {number} t @property {string} lane @property {string} label @property {string} look
 * @property {number} [n] the record it came from
 *
 * @typedef {object} Span
 * @property {number} from @property {number} to Infinity while it lasts
 * @property {string} label @property {string} look @property {boolean} [cut] @property {number} [n]
 */

/** Levels are kept for this long; at ten a second that is little memory. */
const MOST_LEVELS = 36000;

export class Course {
  constructor() {
    /** @type {Mark[]} */
    this.marks = [];
    /** @type {Span[]} states of the voice AI */
    this.states = [];
    /** @type {Span[]} sentences of the agent, for voice AIs that tell no state */
    this.sentences = [];
    /** @type {Span[]} */
    this.tools = [];
    /** @type {{t: number, sent: number, heard: number}[]} */
    this.levels = [];
    this.length = 0;
    /** @type {Map<any, Span>} */
    this.open = new Map();
  }

  reach(t) {
    this.length = Math.max(this.length, t);
  }

  mark(t, lane, label, look, n) {
    this.marks.push({ t, lane, label, look, n });
  }

  agentState(state, t) {
    const last = this.states.at(-1);
    if (last && last.to === Infinity) last.to = t;
    if (state === "speaking" || state === "thinking") {
      this.states.push({ from: t, to: Infinity, label: state, look: state });
    }
  }

  /** @param {import("./conversation.js").Line} line as it is now */
  agentSaid(line, t) {
    let span = this.open.get(line);
    if (!span) {
      span = { from: t, to: t, label: "speaking", look: "speaking" };
      this.open.set(line, span);
      this.sentences.push(span);
    }
    if (!span.cut) span.to = Math.max(span.to, t);
    span.cut = line.cut;
  }

  toolCalled(id, name, t, n) {
    const span = { from: t, to: Infinity, label: name, look: "tool", n };
    this.tools.push(span);
    this.open.set(id, span);
  }

  toolAnswered(id, t) {
    const span = this.open.get(id);
    if (span) span.to = t;
  }

  level(t, sent, heard) {
    this.levels.push({ t, sent, heard });
    if (this.levels.length > MOST_LEVELS) this.levels.splice(0, MOST_LEVELS / 10);
  }

  /** When the agent speaks and thinks: its states where it tells them, else its sentences. */
  get agentSpans() {
    return this.states.length ? this.states : this.sentences;
  }

  end(t) {
    for (const span of [...this.states, ...this.tools]) if (span.to === Infinity) span.to = t;
  }
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** @param {number} seconds to show @param {number} most ticks @returns {number} seconds between two */
export function tickStep(seconds, most) {
  return STEPS.find((step) => seconds / step <= most) ?? Math.ceil(seconds / most / 3600) * 3600;
}
