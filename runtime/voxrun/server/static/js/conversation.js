/**
 * What was said, as lines, made from journal records. No DOM: views draw the lines.
 *
 * A voice AI tells its transcript in pieces: a first text, then deltas, then the final text, all with one
 * ordinal. When the caller interrupts, "PlaybackClearBuffer" comes first and then the final text, which is
 * the part that was heard; what had been announced beyond it is kept as ``unheard``.
 */

/**
 * @typedef {object} Line
 * @property {number} key stays the same while the line changes
 * @property {"say" | "tool" | "note" | "keys" | "message"} type
 * @property {number} t ms since the session began
 * @property {string} [who] "caller", "agent", "scenario"
 * @property {string} [text]
 * @property {boolean} [open] more of it may come
 * @property {boolean} [cut] the caller interrupted it
 * @property {string} [unheard]
 * @property {string} [medium] "voice" or "text"
 * @property {string} [tone] of a note: "plain", "good", "bad"
 * @property {string} [name] of a tool
 * @property {any} [args]
 * @property {any} [result]
 * @property {boolean} [failed]
 * @property {number} [took] ms
 * @property {string} [digits] keys that were pressed, by ``keysOf``
 * @property {string} [keysOf]
 * @property {number} [lastKey] when, ms
 */

const KEYS_TOGETHER = 4000;

export class Conversation {
  constructor() {
    /** @type {Line[]} */
    this.lines = [];
    /** @type {Set<Line>} lines to draw again; whoever draws empties it */
    this.changed = new Set();
    /** @type {Map<string, Line>} by client, role and ordinal */
    this.spoken = new Map();
    /** @type {Map<string, Line>} by invocation */
    this.tools = new Map();
    this.agentState = "";
    this.agentId = "";
  }

  /** @param {string} client @param {any} part role, text or delta, final, ordinal, medium @param {number} t */
  transcript(client, part, t) {
    const who = part.role === "user" ? "caller" : "agent";
    const line = this.#spokenLine(client, who, part.ordinal, t);
    this.changed.add(line);
    if (part.medium) line.medium = part.medium;
    const before = line.text ?? "";
    if (part.text) line.text = part.text;
    else line.text = before + (part.delta ?? "");
    if (!part.final) return line;
    line.open = false;
    line.text = line.text.trim();
    if (line.cut) line.unheard = remainder(before, line.text);
    return line;
  }

  /** The caller interrupted: the agent's last line was cut. @returns {Line | undefined} */
  interrupted(client) {
    const line = this.lines.findLast((each) => each.type === "say" && each.who === "agent");
    if (!line || (!line.open && this.agentState !== "speaking")) return undefined;
    line.cut = true;
    this.changed.add(line);
    return line;
  }

  state(client, state) {
    this.agentId = client;
    this.agentState = state;
  }

  /** @param {{id: string, name: string, args: any}} call @param {number} t */
  toolCalled({ id, name, args }, t) {
    const line = this.#add({ type: "tool", t, name, args, open: true });
    if (id) this.tools.set(id, line);
    return line;
  }

  /** @returns {Line | undefined} undefined when no such call was seen */
  toolAnswered({ id, result, failed }, t) {
    const line = this.tools.get(id);
    if (!line) return undefined;
    Object.assign(line, { result, failed, open: false, took: t - line.t });
    this.changed.add(line);
    return line;
  }

  /** A sentence of the scenario itself (call.say) or what a recogniser understood. */
  said(who, text, t) {
    return this.#add({ type: "say", who, text, t, open: false, medium: "voice" });
  }

  message(who, text, t) {
    return this.#add({ type: "message", who, text, t });
  }

  note(text, t, tone = "plain") {
    return this.#add({ type: "note", text, t, tone });
  }

  /** Keys of one hand: those that follow quickly join the note before. */
  keys(who, digits, t) {
    const last = this.lines.at(-1);
    if (last?.keysOf === who && t - last.lastKey < KEYS_TOGETHER) {
      last.digits += digits;
      last.lastKey = t;
      this.changed.add(last);
      return last;
    }
    return this.#add({ type: "keys", t, keysOf: who, digits, lastKey: t });
  }

  #spokenLine(client, who, ordinal, t) {
    const key = `${client} ${who} ${ordinal ?? ""}`;
    const known = this.spoken.get(key);
    if (known && (ordinal !== undefined || known.open)) return known;
    const line = this.#add({ type: "say", who, t, text: "", open: true });
    this.spoken.set(key, line);
    return line;
  }

  #add(line) {
    const added = { key: this.lines.length, ...line };
    this.lines.push(added);
    this.changed.add(added);
    return added;
  }
}

/** What of ``announced`` comes after ``heard``; "" when they do not fit together. */
function remainder(announced, heard) {
  const plain = announced.trim();
  return plain.startsWith(heard) ? plain.slice(heard.length).trim() : "";
}
