/**
 * One session, made from its journal records (docs/signalling.md): the conversation, the log, the list of
 * events and commands, and the course over time. No DOM. Kinds that nobody here knows are kept as they are
 * and shown with their name; a record with a strange shape never stops the ones after it.
 */

import { Conversation } from "./conversation.js";
import { Course } from "./course.js";
import { brief, lastWord } from "./format.js";

/**
 * @typedef {object} LogLine
 * @property {number} n
 * @property {number} t
 * @property {string} level write, trace, console, system, warning, error
 * @property {string} text
 * @property {string} where
 *
 * @typedef {object} Happening one row of the events list
 * @property {number} n
 * @property {number} t
 * @property {"event" | "command" | "wire" | "session" | "error"} k
 * @property {string} kind
 * @property {string} about a few words of its data
 * @property {string} where
 * @property {any[]} records the whole records: one, or the parts of one transcript
 */

export class Journal {
  /** @param {string} id */
  constructor(id) {
    this.id = id;
    this.seen = new Set();
    this.conversation = new Conversation();
    this.course = new Course();
    /** @type {LogLine[]} */
    this.log = [];
    /** @type {Map<string, string>} calls that the scenario placed, by id: whom they are for */
    this.placed = new Map();
    /** @type {Happening[]} */
    this.happenings = [];
    /** @type {Set<Happening>} rows that have grown since they were drawn; whoever draws empties it */
    this.grown = new Set();
    this.lastT = 0;
    /** Local time (performance.now) at which the session was at t = 0, as well as we can tell. */
    this.origin = Number.POSITIVE_INFINITY;
    this.over = false;
    /** @type {{name: string, url: string}[]} recordings that were begun */
    this.files = [];
    /** @type {Map<string, string>} texts of players, by the player's id */
    this.toSpeak = new Map();
  }

  /**
   * @param {any} record
   * @param {number} now performance.now()
   * @returns {boolean} whether it was new
   */
  apply(record, now) {
    if (typeof record !== "object" || record === null || this.seen.has(record.n)) return false;
    if (record.n !== undefined) this.seen.add(record.n);
    const t = Number(record.t) || 0;
    this.lastT = Math.max(this.lastT, t);
    // Records of the past come late, so the earliest estimate is the best one.
    this.origin = Math.min(this.origin, now - t);
    this.course.reach(t);
    try {
      this.#take(record, t);
    } catch (error) {
      console.warn("A journal record could not be read:", record, error);
    }
    return true;
  }

  /** Whether its time is known. */
  get begun() {
    return Number.isFinite(this.origin);
  }

  /** @param {number} now performance.now() @returns {number} ms since the session began */
  time(now) {
    return this.over || !Number.isFinite(this.origin) ? this.lastT : Math.max(this.lastT, now - this.origin);
  }

  /** The time stands still from now on. @param {number} now performance.now() */
  stop(now) {
    this.lastT = this.time(now);
    this.over = true;
  }

  #take(record, t) {
    switch (record.k) {
      case "log":
        this.#logged(record, t);
        return;
      case "event":
        if (!this.#joined(record)) this.#listed(record, t, aboutData(record.kind, record.data));
        this.#event(record, t);
        return;
      case "command":
        this.#listed(record, t, aboutData(record.kind, record.data));
        this.#command(record, t);
        return;
      case "session":
        this.#listed({ ...record, kind: `session ${record.state ?? ""}` }, t, record.reason ?? "");
        this.#session(record, t);
        return;
      case "error":
        this.#logged({ ...record, level: "error", text: record.message }, t);
        this.#listed({ ...record, kind: "error" }, t, brief(record.message));
        this.conversation.note(`The scenario failed: ${brief(firstLine(record.message), 240)}`, t, "bad");
        this.course.mark(t, "session", "error", "bad", record.n);
        return;
      case "wire":
        this.#listed({ ...record, kind: `${record.dir ?? ""} ${record.what ?? ""}`.trim() }, t, brief(record.payload));
        return;
      default:
        this.#other(record, t);
    }
  }

  /** Records that say something about the journal itself, and those of later versions. */
  #other(record, t) {
    const { n, t: _, k, kind, id, where, data, ...rest } = record;
    this.#listed({ ...record, kind: kind ?? k ?? "record" }, t, aboutData("", data ?? rest));
    if (k === "media" && rest.recording) this.course.mark(t, "session", "recording", "quiet", n);
  }

  #logged(record, t) {
    const { n, level = "write", text = "", where = "" } = record;
    this.log.push({ n, t, level, text: String(text), where });
    if (level === "warning") this.course.mark(t, "session", "warning", "warn", n);
  }

  #listed(record, t, about) {
    const { n, k, kind = "", where = "" } = record;
    this.happenings.push({ n, t, k, kind: String(kind), about, where, records: [record] });
  }

  /** A sentence comes in dozens of parts: they share one row. */
  #joined(record) {
    const last = this.happenings.findLast((each) => each.k !== "wire");
    const before = last?.records.at(-1);
    if (!last || before.kind !== record.kind || lastWord(String(record.kind)) !== "Transcript" || before.id !== record.id) return false;
    const part = record.data?.data?.payload;
    const known = before.data?.data?.payload;
    if (!part || !known || part.ordinal !== known.ordinal || part.role !== known.role) return false;
    last.records.push(record);
    last.about = brief(part.text || last.about + (part.delta ?? ""));
    this.grown.add(last);
    return true;
  }

  #session({ state, reason, n }, t) {
    if (state === "ended") {
      this.over = true;
      this.course.end(t);
      this.conversation.note(reason ? `Session ended: ${reason}` : "Session ended", t);
    }
    this.course.mark(t, "session", `session ${state ?? ""}`, state === "ended" ? "plain" : "quiet", n);
  }

  #event({ kind, id, data, n }, t) {
    const word = lastWord(String(kind ?? ""));
    const fields = data ?? {};
    const payload = fields.data?.payload ?? fields.payload ?? fields;
    const rule = EVENTS[word];
    if (rule) rule(this, { kind, id, fields, payload, n }, t);
  }

  #command({ kind, id, data, n }, t) {
    const rule = COMMANDS[kind];
    if (rule) rule(this, { id, fields: data ?? {}, n }, t);
  }
}

function recordingBegun(journal, { fields, n }, t) {
  if (fields.url) journal.files.push({ name: `Recording ${journal.files.length + 1}`, url: String(fields.url) });
  journal.course.mark(t, "session", "recording", "plain", n);
}

const ANSWERED = {
  __proto__: null,
  HUMAN: "A person answered",
  VOICEMAIL: "A machine answered",
  TIMEOUT: "Whether a person answered or a machine could not be told",
};

/** What events mean for the conversation and the course, by the last word of their kind. */
const EVENTS = {
  __proto__: null,

  Transcript(journal, { id, payload, n }, t) {
    const line = journal.conversation.transcript(id, payload, t);
    if (line.who === "agent") journal.course.agentSaid(line, t);
    else if (!line.open && line.text) journal.course.mark(t, "caller", line.text, "caller", n);
  },

  PlaybackClearBuffer(journal, { id, n }, t) {
    const line = journal.conversation.interrupted(id);
    if (line) journal.course.agentSaid(line, t);
    journal.course.mark(t, "agent", "interrupted", "cut", n);
  },

  State(journal, { id, payload }, t) {
    if (typeof payload.state !== "string") return;
    journal.conversation.state(id, payload.state);
    journal.course.agentState(payload.state, t);
  },

  ClientToolInvocation(journal, { payload, n }, t) {
    const { invocationId, toolName, parameters } = payload;
    const tool = { id: invocationId, name: toolName ?? "tool", args: parameters };
    journal.conversation.toolCalled(tool, t);
    journal.course.toolCalled(invocationId, tool.name, t, n);
  },

  ToneReceived(journal, { fields, n }, t) {
    if (fields.tone === undefined) return;
    journal.conversation.keys("caller", String(fields.tone), t);
    journal.course.mark(t, "caller", String(fields.tone), "key", n);
  },

  MessageReceived(journal, { kind, fields, n }, t) {
    if (!String(kind).startsWith("Call.") || fields.text === undefined) return;
    journal.conversation.message("caller", String(fields.text), t);
    journal.course.mark(t, "caller", String(fields.text), "caller", n);
  },

  RecordStarted: recordingBegun,

  Started(journal, event, t) {
    const kind = String(event.kind);
    if (kind === "Recorder.Started") recordingBegun(journal, event, t);
    const text = /Player\.Started$/.test(kind) ? journal.toSpeak.get(event.id) : undefined;
    if (text) journal.conversation.said("scenario", text, t);
  },

  Result(journal, { kind, fields, n }, t) {
    if (!/^ASR\./.test(String(kind))) return;
    if (!fields.text) {
      if (fields.confidence === 0) journal.conversation.note("What the caller said was not understood", t);
      return;
    }
    journal.conversation.said("caller", String(fields.text), t);
    journal.course.mark(t, "caller", String(fields.text), "caller", n);
  },

  DetectionComplete(journal, { fields, n }, t) {
    const who = ANSWERED[fields.resultClass];
    if (!who) return;
    const sure = Number.isInteger(fields.confidence) ? ` (${fields.confidence} % sure)` : "";
    journal.conversation.note(who + sure, t);
    journal.course.mark(t, "session", String(fields.resultClass).toLowerCase(), "plain", n);
  },

  CallAlerting(journal, { fields, n }, t) {
    const who = [fields.callerid, fields.destination].filter(Boolean).join(" to ");
    journal.conversation.note(who ? `Call from ${who}` : "Call comes in", t);
    journal.course.mark(t, "session", "call", "plain", n);
  },

  Connected(journal, { kind, id, n }, t) {
    if (!String(kind).startsWith("Call.")) return;
    journal.conversation.note(`${callName(journal, id)} answered`, t, "good");
    journal.course.mark(t, "session", "answered", "good", n);
  },

  Disconnected(journal, { kind, id, n }, t) {
    if (!String(kind).startsWith("Call.")) return;
    journal.conversation.note(`${callName(journal, id)} ended`, t);
    journal.course.mark(t, "session", "call ended", "plain", n);
  },

  Failed(journal, { kind, id, fields, n }, t) {
    if (!String(kind).startsWith("Call.")) return;
    const why = [fields.code, fields.reason].filter(Boolean).join(" ");
    journal.conversation.note(`${callName(journal, id)} failed${why ? `: ${why}` : ""}`, t, "bad");
    journal.course.mark(t, "session", `call failed ${why}`.trim(), "bad", n);
  },

  WebSocketError(journal, { kind, payload, n }, t) {
    const why = brief(payload?.reason ?? payload?.message ?? payload, 160);
    journal.conversation.note(`Voice AI connection failed${why && why !== "{}" ? `: ${why}` : ""}`, t, "bad");
    journal.course.mark(t, "session", lastWord(String(kind)), "bad", n);
  },
};

/** What commands mean, by their whole kind. */
const COMMANDS = {
  __proto__: null,

  "connector.call"(journal, { fields }, t) {
    if (!/^(client)?toolResult$/i.test(fields.method ?? "")) return;
    const answer = fields.argument ?? {};
    const failed = Boolean(answer.errorType || answer.errorMessage);
    const result = answer.result ?? answer.errorMessage ?? answer.errorType ?? "";
    journal.conversation.toolAnswered({ id: answer.invocationId, result, failed }, t);
    journal.course.toolAnswered(answer.invocationId, t);
  },

  "call.dial"(journal, { id, fields, n }, t) {
    const whom = String(fields.destination ?? "");
    journal.placed.set(id, whom);
    journal.conversation.note(`The scenario calls ${whom}`.trim(), t);
    journal.course.mark(t, "session", `calls ${whom}`.trim(), "plain", n);
  },

  "call.say"(journal, { fields }, t) {
    if (fields.text) journal.conversation.said("scenario", String(fields.text), t);
  },

  "player.create"(journal, { id, fields }, t) {
    const parts = [fields, ...(Array.isArray(fields.segments) ? fields.segments : [])];
    const text = parts.map((part) => part?.text ?? "").filter(Boolean).join(" ");
    if (text) journal.toSpeak.set(id, text);
  },

  "call.message"(journal, { fields, n }, t) {
    journal.conversation.message("scenario", String(fields.text ?? ""), t);
    journal.course.mark(t, "session", "message", "plain", n);
  },

  "call.dtmf"(journal, { fields, n }, t) {
    journal.conversation.keys("scenario", String(fields.digits ?? ""), t);
    journal.course.mark(t, "session", `keys ${fields.digits ?? ""}`, "plain", n);
  },
};

function callName(journal, id) {
  const whom = journal.placed.get(id);
  return whom ? `Call to ${whom}` : "Call";
}

/** The few words that tell one event from its like. */
function aboutData(kind, data) {
  const fields = data ?? {};
  const payload = fields.data?.payload ?? fields.payload;
  if (payload && typeof payload === "object") {
    const { type, ...rest } = payload;
    return brief(rest.state ?? (rest.text || rest.delta) ?? rest.toolName ?? rest.message ?? (isEmpty(rest) ? "" : rest));
  }
  if (kind === "connector.call") return brief([fields.method, fields.argument].filter(Boolean).map((x) => brief(x)).join(" "));
  const entries = Object.entries(fields).filter(([, value]) => !isEmpty(value));
  if (entries.length === 1) return brief(entries[0][1]);
  return brief(entries.map(([name, value]) => `${name} ${brief(value, 60)}`).join(", "));
}

function isEmpty(value) {
  return value === "" || value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

function firstLine(text) {
  return String(text ?? "").split("\n")[0];
}
