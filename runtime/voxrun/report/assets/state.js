// What all parts of the page share: the data, the moment, the stretch of time in view, the chosen event.

const data = readJson("data");
const length = Math.max(1, data.length);
const MOST_ZOOM = Math.min(400, length);

const state = {
  /** The moment, ms. */
  time: 0,
  /** The stretch in view, ms. */
  from: 0,
  to: length,
  playing: false,
  /** Number of the chosen row, -1 for none. */
  row: -1,
};

/** @type {Map<string, Set<() => void>>} */
const watchers = new Map();

/** Tell ``then`` of changes of "time", "view", "row", "theme", "playing". */
function watch(topics, then) {
  for (const topic of topics.split(" ")) {
    if (!watchers.has(topic)) watchers.set(topic, new Set());
    watchers.get(topic).add(then);
  }
}

/** @type {Set<() => void>} */
const waiting = new Set();

/** Those who watch are told once before the next picture, however much changes until then. */
function changed(topic) {
  if (!waiting.size) requestAnimationFrame(() => {
    const now = [...waiting];
    waiting.clear();
    for (const then of now) then();
  });
  for (const then of watchers.get(topic) ?? []) waiting.add(then);
}

/** Go to a moment; the view follows when it would be out of sight. */
function setTime(ms, follow = true) {
  state.time = Math.min(length, Math.max(0, ms));
  changed("time");
  if (follow && (state.time < state.from || state.time > state.to)) {
    const wide = state.to - state.from;
    setView(state.time - wide * 0.1, state.time + wide * 0.9);
  }
}

function setView(from, to) {
  const wide = Math.min(length, Math.max(MOST_ZOOM, to - from));
  state.from = Math.min(length - wide, Math.max(0, from));
  state.to = state.from + wide;
  changed("view");
}

/** @param {number} factor below 1: closer @param {number} at the ms that stays where it is */
function zoom(factor, at = middleOfZoom()) {
  const wide = Math.min(length, Math.max(MOST_ZOOM, (state.to - state.from) * factor));
  const part = (at - state.from) / (state.to - state.from);
  setView(at - wide * part, at + wide * (1 - part));
}

function middleOfZoom() {
  const inside = state.time >= state.from && state.time <= state.to;
  return inside ? state.time : (state.from + state.to) / 2;
}

/** Choose a row of the list of events. @param {number} row */
function setRow(row) {
  state.row = row;
  changed("row");
}

/** Rows by the records they hold. */
const rowOf = new Map(data.rows.flatMap((row, index) => row[7].map((n) => [n, index])));

/** Choose the row that holds a record, and go to its moment. */
function goTo(t, n) {
  seek(t);
  if (rowOf.has(n)) setRow(rowOf.get(n));
}
