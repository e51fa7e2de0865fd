// The lanes of the time axis: what each one holds and how it is drawn.

const FONT = getComputedStyle(document.body).fontFamily;
const SMALL = `11px ${FONT}`;
const NARROW = 700;
const WAVE = 62;

/**
 * @typedef {object} Item something on a lane
 * @property {number} start @property {number} end @property {string} label @property {string} tone
 * @property {number} n record, -1 for none @property {boolean} out @property {boolean} open
 * @property {number} [level] of timers, from the top
 *
 * @typedef {object} Lane
 * @property {string} id @property {string} name @property {string} short @property {number} height
 * @property {Item[]} items in order of their start
 * @property {(context: CanvasRenderingContext2D, lane: Lane, box: Box) => void} draw
 *
 * @typedef {object} Box where a lane is: top, height, left, right, and x for a moment
 */

function item([, start, end, label, tone, n, out, open]) {
  return { start, end, label, tone, n, out: Boolean(out), open: Boolean(open) };
}

const ofLane = (id) => data.bars.filter((bar) => bar[0] === id).map(item);

const TONES = { good: "good", bad: "bad", warn: "warn", quiet: "edge" };

/** @type {Lane[]} */
const lanes = [];

function addLane(id, name, short, height, items, draw) {
  if (items.length || draw === drawVoice || draw === drawSpeech) lanes.push({ id, name, short, height, items, draw });
}

// -- voices ----------------------------------------------------------------------------------------------

const said = data.lines.filter((line) => line.kind === "say");
const sayItem = (line) => ({ start: line.t, end: line.end ?? line.t, label: line.text ?? "", tone: "", n: line.n, out: false, open: false });

function drawVoice(context, lane, box) {
  const { recording, side } = lane;
  const own = side === "heard" ? "agent" : "caller";
  context.fillStyle = colors[`${own}-tint`];
  for (const [start, end] of recording[`${side}Spans`]) {
    if (end < state.from || start > state.to) continue;
    context.fillRect(box.x(start), box.top + 1, Math.max(1, box.x(end) - box.x(start)), box.height - 2);
  }
  const middle = box.top + box.height / 2 + 6;
  const left = Math.max(box.left, Math.floor(box.x(recording.at)));
  const right = Math.min(box.right, Math.ceil(box.x(recording.at + recording.length)));
  if (right > left) {
    const from = state.from + ((left - box.left) / (box.right - box.left)) * (state.to - state.from);
    const to = state.from + ((right - box.left) / (box.right - box.left)) * (state.to - state.from);
    drawWave(context, waves[recording.index][side], { left, right, from, to, middle, half: box.height / 2 - 8, color: colors[own] });
  }
  drawWords(context, lane.items, box, box.top + 11, own);
  if (recording.index === 0 && side === "spoken") drawWaits(context, box, middle);
}

/** Without a recording: when the transcript says that somebody spoke. */
function drawSpeech(context, lane, box) {
  context.fillStyle = colors[`${lane.id}-tint`];
  for (const each of lane.items) context.fillRect(box.x(each.start), box.top + 2, Math.max(2, box.x(each.end) - box.x(each.start)), box.height - 4);
  drawWords(context, lane.items, box, box.top + box.height / 2 + 4, lane.id);
}

/** Words above their sound, as far as there is room until the next ones. */
function drawWords(context, items, box, y, color) {
  context.font = SMALL;
  context.fillStyle = colors[color];
  for (const [index, each] of items.entries()) {
    const until = items[index + 1]?.start ?? Infinity;
    if (each.start > state.to || Math.min(until, each.end + 60000) < state.from) continue;
    const left = Math.max(box.left, box.x(each.start)) + 3;
    const room = Math.min(box.right, box.x(until)) - left - 6;
    if (each.end >= state.from || box.x(each.start) > box.left - 200) clipped(context, each.label, left, y, room);
  }
}

/** Text within a width, shortened; nothing where it would say nothing. */
function clipped(context, text, x, y, room) {
  if (room < 24 || !text) return;
  let shown = text.length > 160 ? `${text.slice(0, 159)}…` : text;
  if (context.measureText(shown).width > room) {
    const each = context.measureText(shown).width / shown.length;
    const fits = Math.floor(room / each) - 1;
    if (fits < 3) return;
    shown = `${shown.slice(0, fits).trimEnd()}…`;
  }
  context.fillText(shown, x, y);
}

/** From the end of the caller's words to the answer. */
function drawWaits(context, box, middle) {
  context.font = `600 11px ${FONT}`;
  for (const turn of data.turns) {
    const until = turn.answer ?? turn.until;
    if (until < state.from || turn.end > state.to || until <= turn.end) continue;
    const [from, to] = [box.x(turn.end), box.x(until)];
    const color = colors[waitLook(turn) ? TONES[waitLook(turn) === "none" ? "bad" : "warn"] : "ink-2"];
    context.fillStyle = color;
    context.fillRect(from, middle - 0.75, to - from, 1.5);
    context.fillRect(from, middle - 5, 1.5, 10);
    context.fillRect(to - 1.5, middle - 5, 1.5, 10);
    const label = turn.answer === null ? `no answer for ${duration(turn.wait)}` : duration(turn.wait);
    const wide = context.measureText(label).width;
    if (wide < to - from - 4) context.fillText(label, (from + to - wide) / 2, middle - 6);
  }
}

const SLOW = 1500;

/** "" for what is usual on a phone, "slow", or "none" where no answer came. */
function waitLook(turn) {
  if (turn.answer === null) return "none";
  return turn.wait > SLOW ? "slow" : "";
}

// -- the rest --------------------------------------------------------------------------------------------

/** Moments as ticks; what goes out points up, what comes in points down, where a lane has both. */
function drawTicks(context, lane, box) {
  const middle = box.top + box.height / 2;
  const drawn = new Set();
  for (const each of lane.items) {
    if (each.start < state.from || each.start > state.to) continue;
    const x = Math.round(box.x(each.start));
    const key = `${x}${each.out}${each.tone}`;
    if (drawn.has(key)) continue;
    drawn.add(key);
    context.fillStyle = colors[TONES[each.tone] ?? lane.color];
    const [top, tall] = lane.both ? (each.out ? [box.top + 3, box.height / 2 - 3] : [middle, box.height / 2 - 3]) : [box.top + 4, box.height - 8];
    context.fillRect(x - 0.75, top, 1.5, tall);
  }
  if (lane.words) drawWords(context, lane.items.filter((each) => each.start >= state.from), box, middle + 4, "ink-2");
}

/** Spans with their words inside or after them. */
function drawSpans(context, lane, box) {
  const tall = lane.rows ? 7 : box.height - 8;
  const free = new Array(lane.rows ?? 1).fill(-Infinity);
  for (const [index, each] of lane.items.entries()) {
    if (each.end < state.from || each.start > state.to) continue;
    const level = each.level ?? 0;
    const top = box.top + 4 + level * 9;
    const left = Math.max(box.left - 4, box.x(each.start));
    const right = Math.min(box.right + 4, Math.max(box.x(each.end), left + 2));
    const color = colors[TONES[each.tone] ?? lane.color];
    context.fillStyle = color;
    context.globalAlpha = each.start === each.end ? 1 : 0.22;
    if (each.start !== each.end) context.fillRect(left, top, right - left, tall);
    context.globalAlpha = 1;
    context.fillRect(left, top, 1.5, tall);
    if (!each.open && each.end !== each.start) context.fillRect(right - 1.5, top, 1.5, tall);
    if (lane.rows || left < free[0]) continue;
    const next = lane.items.slice(index + 1).find((other) => other.start > each.start);
    const edge = Math.min(box.right, next ? box.x(next.start) : Infinity);
    const after = right - left < 60 && edge - right > 40;
    context.font = SMALL;
    context.fillStyle = colors.ink;
    const x = (after ? right : Math.max(left, box.left)) + 5;
    const room = (after ? edge : Math.min(right, edge)) - x - 4;
    if (room > 110 || context.measureText(each.label).width <= room) clipped(context, each.label, x, box.top + box.height / 2 + 4, room);
  }
}

const SIGNS = {
  good: [[[-3, 0], [-1, 2.5], [3.2, -2.8]]],
  bad: [[[-2.6, -2.6], [2.6, 2.6]], [[2.6, -2.6], [-2.6, 2.6]]],
};

/** Signs of expectations: met, missed; a line from when the wait began. */
function drawChecks(context, lane, box) {
  const middle = box.top + box.height / 2;
  for (const each of lane.items) {
    if (each.end < state.from || each.start > state.to) continue;
    const x = box.x(each.end);
    context.fillStyle = colors[each.tone];
    context.globalAlpha = 0.35;
    context.fillRect(box.x(each.start), middle - 0.75, x - box.x(each.start), 1.5);
    context.globalAlpha = 1;
    context.beginPath();
    context.arc(x, middle, 7, 0, 7);
    context.fill();
    context.strokeStyle = colors.card;
    context.lineWidth = 1.75;
    context.beginPath();
    for (const stroke of SIGNS[each.tone]) {
      for (const [index, [dx, dy]] of stroke.entries()) {
        if (index) context.lineTo(x + dx, middle + dy);
        else context.moveTo(x + dx, middle + dy);
      }
    }
    context.stroke();
  }
}

/** Spread spans that overlap over levels, at most ``most``. */
function levels(items, most) {
  const busy = [];
  for (const each of items) {
    let level = busy.findIndex((until) => until <= each.start);
    if (level < 0) level = busy.length < most ? busy.length : most - 1;
    busy[level] = Math.max(busy[level] ?? 0, each.end);
    each.level = level;
  }
  return Math.max(1, busy.length);
}

function makeLanes() {
  const checks = data.expectations.filter((each) => each.at_ms !== null).map((each) => ({
    start: each.since_ms ?? each.at_ms, end: each.at_ms, label: each.text, tone: each.met ? "good" : "bad", n: -1, out: false, open: false,
  }));
  addLane("checks", "Expected", "Expect", 24, checks.sort((a, b) => a.start - b.start), drawChecks);
  const steps = data.steps.map((each) => ({ start: each.at_ms, end: each.at_ms, label: each.text, tone: "", n: -1, out: false, open: false }));
  addLane("script", "Script", "Script", 20, steps, drawTicks);
  const agent = said.filter((line) => line.who !== "caller").map(sayItem);
  const caller = said.filter((line) => line.who === "caller").map(sayItem);
  for (const [index, recording] of data.recordings.entries()) {
    const named = { ...recording, index };
    const first = index === 0;
    addLane("heard", `${recording.person} hears`, "Hears", WAVE, first ? agent : [], drawVoice);
    Object.assign(lanes.at(-1), { recording: named, side: "heard", color: "agent" });
    addLane("spoken", recording.person, recording.person, WAVE, first ? caller : [], drawVoice);
    Object.assign(lanes.at(-1), { recording: named, side: "spoken", color: "caller" });
  }
  if (!data.recordings.length && said.length) {
    addLane("agent", "Agent", "Agent", 28, agent, drawSpeech);
    addLane("caller", "Caller", "Caller", 28, caller, drawSpeech);
  }
  addLane("tools", "Tools", "Tools", 22, ofLane("tools"), drawSpans);
  addLane("http", "HTTP", "HTTP", 22, ofLane("http"), drawSpans);
  addLane("messages", "WebSocket", "Socket", 24, ofLane("messages"), drawTicks);
  addLane("events", "Events", "Events", 20, ofLane("events"), drawTicks);
  addLane("commands", "Commands", "Cmds", 20, ofLane("commands"), drawTicks);
  const timers = ofLane("timers");
  const rows = levels(timers, 4);
  addLane("timers", "Timers", "Timers", rows * 9 + 8, timers, drawSpans);
  addLane("log", "Log", "Log", 20, ofLane("log"), drawTicks);
  const looks = {
    script: { color: "caller", words: true }, tools: { color: "tool" }, http: { color: "agent" }, messages: { color: "agent", both: true },
    events: { color: "caller" }, commands: { color: "agent" }, timers: { color: "ink-3", rows }, log: { color: "ink-2" },
  };
  for (const lane of lanes) Object.assign(lane, looks[lane.id] ?? {});
}
makeLanes();
