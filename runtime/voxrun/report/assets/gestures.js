// Mouse, fingers and keys on the time axis.

const DRAG = 4;
/** @type {Map<number, {x: number, y: number}>} */
const fingers = new Map();
let grip;

function place(event) {
  const box = byId("timeline").getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function pressed(event) {
  if (event.button !== 0) return;
  const at = place(event);
  fingers.set(event.pointerId, at);
  grip = { start: at, from: state.from, to: state.to, moved: false, spread: spread() };
  hideTip();
}

function moved(event) {
  const at = place(event);
  if (!fingers.has(event.pointerId)) {
    if (event.pointerType === "mouse") showTip(at);
    return;
  }
  fingers.set(event.pointerId, at);
  if (fingers.size === 2) pinch();
  else if (grip.moved || Math.abs(at.x - grip.start.x) > DRAG) drag(event, at);
}

function drag(event, at) {
  if (!grip.moved) {
    grip.moved = true;
    byId("timeline").setPointerCapture(event.pointerId);
    byId("timeline").classList.add("moving");
  }
  const each = (grip.to - grip.from) / (timeline.right - timeline.left);
  const by = (grip.start.x - at.x) * each;
  setView(grip.from + by, grip.to + by);
}

function spread() {
  const [a, b] = [...fingers.values()];
  return b ? { wide: Math.max(20, Math.abs(a.x - b.x)), at: timeAt((a.x + b.x) / 2) } : undefined;
}

function pinch() {
  const now = spread();
  if (!grip.spread) return;
  grip.moved = true;
  const wide = (grip.to - grip.from) * (grip.spread.wide / now.wide);
  const part = (grip.spread.at - grip.from) / (grip.to - grip.from);
  setView(grip.spread.at - wide * part, grip.spread.at + wide * (1 - part));
}

function released(event) {
  if (!fingers.delete(event.pointerId)) return;
  byId("timeline").classList.remove("moving");
  if (fingers.size || grip.moved || event.type === "pointercancel") return;
  const at = place(event);
  const found = hit(at.x, at.y);
  if (found?.item.n >= 0 && !found.lane.side) goTo(found.item.start, found.item.n);
  else if (found && !found.lane.side) seek(found.item.end);
  else if (at.x >= timeline.left) seek(timeAt(at.x));
}

function showTip(at) {
  const tip = byId("tip");
  const found = hit(at.x, at.y);
  tip.hidden = !found || !found.item.label;
  if (tip.hidden) return;
  const { start, end, label, open } = found.item;
  const long = open ? `${exactClock(start)}, not ended` : end > start ? `${exactClock(start)}, ${duration(end - start)}` : exactClock(start);
  tip.replaceChildren(h("span", { class: "t" }, long), theirs(label));
  const box = byId("timeline");
  const left = Math.min(at.x + 14, box.clientWidth - tip.offsetWidth - 8);
  const under = at.y + 18 + tip.offsetHeight < box.clientHeight;
  tip.style.transform = `translate(${Math.max(4, left)}px, ${under ? at.y + 16 : Math.max(0, at.y - tip.offsetHeight - 10)}px)`;
}

function hideTip() {
  byId("tip").hidden = true;
}

function turned(event) {
  const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
  const wide = state.to - state.from;
  if (event.ctrlKey || event.metaKey) zoom(1.0025 ** Math.max(-200, Math.min(200, event.deltaY)), timeAt(place(event).x));
  else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
    const by = (sideways / (timeline.right - timeline.left)) * wide;
    setView(state.from + by, state.to + by);
  } else return;
  event.preventDefault();
  hideTip();
}

/** The event before or after the chosen one (else the moment). */
function neighbour(step) {
  const rows = data.rows;
  let next = state.row + step;
  if (state.row < 0) {
    const after = rows.findIndex((row) => row[1] > state.time);
    next = step > 0 ? after : (after < 0 ? rows.length : after) - 1;
  }
  if (rows[next]) goTo(rows[next][1], rows[next][7][0]);
}

const KEYS = {
  ArrowLeft: (event) => seek(state.time - stride(event)),
  ArrowRight: (event) => seek(state.time + stride(event)),
  ArrowDown: (event) => seek(state.time - stride(event)),
  ArrowUp: (event) => seek(state.time + stride(event)),
  PageUp: () => seek(state.time - (state.to - state.from) / 2),
  PageDown: () => seek(state.time + (state.to - state.from) / 2),
  Home: () => seek(0),
  End: () => seek(length),
  "+": () => zoom(0.6),
  "=": () => zoom(0.6),
  "-": () => zoom(1 / 0.6),
  0: () => setView(0, length),
  "[": () => neighbour(-1),
  "]": () => neighbour(1),
};

/** A fortieth of what is in view; a tenth of that with Shift. */
function stride(event) {
  return ((state.to - state.from) / 40) * (event.shiftKey ? 0.1 : 1);
}

function startGestures() {
  const box = byId("timeline");
  box.addEventListener("pointerdown", pressed);
  box.addEventListener("pointermove", moved);
  box.addEventListener("pointerup", released);
  box.addEventListener("pointercancel", released);
  box.addEventListener("pointerleave", (event) => { hideTip(); if (!grip?.moved) fingers.delete(event.pointerId); });
  box.addEventListener("wheel", turned, { passive: false });
  box.addEventListener("dblclick", (event) => zoom(0.4, timeAt(place(event).x)));
  box.addEventListener("keydown", (event) => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS[event.key];
    if (!act) return;
    act(event);
    event.preventDefault();
  });
  byId("zoom-in").addEventListener("click", () => zoom(0.5));
  byId("zoom-out").addEventListener("click", () => zoom(2));
  byId("zoom-fit").addEventListener("click", () => setView(0, length));
}
