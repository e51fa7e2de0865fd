/**
 * The timeline: four lanes over one time axis that always holds the whole session. A click on a mark shows
 * its record in the lists; for the keyboard and screen readers those lists are the way, in the same order.
 */

import { tickStep } from "../course.js";
import { byId, svg } from "../dom.js";
import { brief, clock } from "../format.js";

const LANES = [
  { id: "caller", height: 34 },
  { id: "agent", height: 34 },
  { id: "tools", height: 20 },
  { id: "session", height: 20 },
];
const GUTTER = 72;
const AXIS = 22;
const RIGHT = 12;
const BAR = 3;
const NEAR = 9;
/** Levels further apart than this, in ms, were not sampled in between. */
const GAP = 400;
/** Width of a letter of the small labels, on average and a little more. */
const LETTER = 6.2;
const HEIGHT = LANES.reduce((sum, lane) => sum + lane.height, 0) + AXIS + 6;
/** What the axis holds while the session grows, in seconds: it changes seldom, so that little moves. */
const STEPS = [20, 30, 45, 60, 90, 120, 180, 300, 450, 600, 900, 1200, 1800, 2700, 3600];

export class TimelineView {
  /** @param {(n: number) => void} onPick a mark was clicked: the number of its record */
  constructor(onPick) {
    this.plot = byId("timeline-plot");
    this.onPick = onPick;
    this.width = 0;
    this.journal = null;
    this.own = false;
    new ResizeObserver(([entry]) => {
      this.width = Math.floor(entry.contentRect.width);
      this.draw(performance.now());
    }).observe(this.plot);
  }

  /** @param {import("../journal.js").Journal | null} journal @param {boolean} own */
  show(journal, own) {
    this.journal = journal;
    this.own = own;
    this.draw(performance.now());
  }

  /** @param {number} now performance.now() */
  draw(now) {
    if (this.width < 120) return;
    const time = this.journal?.time(now) ?? 0;
    const end = axisEnd(time, this.journal?.over ?? false);
    const x = (t) => GUTTER + (t / end) * (this.width - GUTTER - RIGHT);
    const picture = svg("svg", { width: this.width, height: HEIGHT, viewBox: `0 0 ${this.width} ${HEIGHT}`, role: "img", "aria-label": this.#summary(time) });
    const tops = this.#lanes(picture);
    this.#axis(picture, x, end);
    if (this.journal) this.#course(picture, x, tops, time);
    else picture.append(svg("text", { class: "nothing", x: GUTTER + 12, y: tops.agent + 21 }, "Who speaks when, keys, tools and the call appear here."));
    this.plot.replaceChildren(picture);
  }

  #summary(time) {
    if (!this.journal) return "Timeline: no session yet";
    const { marks, tools } = this.journal.course;
    const cuts = marks.filter((mark) => mark.look === "cut").length;
    const parts = [`Timeline of ${clock(time)}`, `${marks.length} marks`];
    if (tools.length) parts.push(`${tools.length} tool calls`);
    if (cuts) parts.push(`${cuts} interruptions`);
    return `${parts.join(", ")}. The Events tab lists them.`;
  }

  #lanes(picture) {
    const names = { caller: this.own ? "You" : "Caller", agent: "Agent", tools: "Tools", session: "Session" };
    const tops = {};
    let top = 2;
    for (const { id, height } of LANES) {
      tops[id] = top;
      picture.append(
        svg("line", { class: "rule", x1: GUTTER, x2: this.width - RIGHT, y1: top + height, y2: top + height }),
        svg("text", { class: `lane ${id}`, x: 0, y: top + height / 2 + 4 }, names[id]));
      top += height;
    }
    return tops;
  }

  #axis(picture, x, end) {
    const step = tickStep(end / 1000, Math.max(2, Math.floor((this.width - GUTTER) / 64))) * 1000;
    for (let t = 0; t <= end; t += step) {
      picture.append(
        svg("line", { class: "grid", x1: x(t), x2: x(t), y1: 2, y2: HEIGHT - AXIS }),
        svg("text", { class: "tick", x: x(t), y: HEIGHT - 6, "text-anchor": t === 0 ? "start" : "middle" }, clock(t)));
    }
  }

  #course(picture, x, tops, time) {
    const { course } = this.journal;
    for (const each of course.agentSpans) picture.append(block(each, x, tops.agent + 3, 28, time));
    for (const lane of ["caller", "agent"]) picture.append(this.#wave(lane, x, tops[lane] + 17));
    for (const each of course.tools) this.#tool(picture, each, x, tops.tools, time);
    for (const mark of course.marks) if (mark.lane !== "session") picture.append(this.#mark(mark, x, tops));
    this.#sessionMarks(picture, x, tops.session);
    if (!this.journal.over) picture.append(svg("line", { class: "now", x1: x(time), x2: x(time), y1: 2, y2: HEIGHT - AXIS }));
  }

  /** The levels as bars around the middle of the lane, the loudest of each column. */
  #wave(lane, x, middle) {
    const field = lane === "caller" ? "sent" : "heard";
    /** @type {Map<number, number>} */
    const columns = new Map();
    const widest = (x(GAP) - x(0)) / BAR;
    let last = Number.NEGATIVE_INFINITY;
    for (const level of this.journal.course.levels) {
      const column = Math.floor(x(level.t) / BAR);
      // Columns between two samples take the later one, so that a stretched picture has no holes.
      const from = column - last <= Math.max(widest, 1) ? Math.min(last + 1, column) : column;
      for (let at = from; at <= column; at += 1) columns.set(at, Math.max(columns.get(at) ?? 0, level[field]));
      last = column;
    }
    let path = "";
    for (const [column, level] of columns) {
      const half = Math.max(0.6, level * 13);
      path += `M${column * BAR + 1} ${(middle - half).toFixed(1)}v${(half * 2).toFixed(1)}`;
    }
    return svg("path", { class: `wave ${lane}`, d: path });
  }

  #tool(picture, each, x, top, time) {
    const group = this.#picked(each.n, svg("g", { class: "pick" }, svg("title", {}, each.label), block(each, x, top + 4, 12, time)));
    const right = x(Math.min(each.to, time)) + 5;
    group.append(svg("text", { class: "label tool", x: right, y: top + 14 }, brief(each.label, 24)));
    picture.append(group);
  }

  #mark(mark, x, tops) {
    const at = x(mark.t);
    const top = tops[mark.lane];
    const shape = {
      key: () => svg("g", { class: "key" }, svg("rect", { x: at - 6, y: top + 9, width: 12, height: 16, rx: 3 }), svg("text", { x: at, y: top + 21, "text-anchor": "middle" }, mark.label)),
      cut: () => svg("path", { class: "cut", d: `M${at} ${top + 1}v32M${at - 4} ${top + 1}h8` }),
      caller: () => svg("circle", { class: "heard", cx: at, cy: top + 17, r: 4.5 }),
    }[mark.look];
    return this.#picked(mark.n, svg("g", { class: "pick" }, svg("title", {}, `${clock(mark.t)} ${brief(mark.label, 120)}`), shape?.() ?? null));
  }

  /** Ticks with their words where there is room; those close together share them. All have a tooltip. */
  #sessionMarks(picture, x, top) {
    const marks = this.journal.course.marks.filter((mark) => mark.lane === "session");
    for (const mark of marks) {
      const at = x(mark.t);
      picture.append(this.#picked(mark.n, svg("g", { class: `pick tick-mark ${mark.look}` },
        svg("title", {}, `${clock(mark.t)} ${mark.label}`),
        svg("rect", { class: "hit", x: at - 4, y: top, width: 9, height: 20 }),
        svg("path", { d: `M${at} ${top + 4}v12` }))));
    }
    let free = GUTTER;
    const groups = together(marks.filter((mark) => mark.look !== "quiet"), x);
    for (const [index, { start, at, all, first }] of groups.entries()) {
      const fits = (room) => [all, first].find((text) => text.length * LETTER <= room);
      const after = fits((groups[index + 1]?.start ?? this.width) - at - 10);
      const before = after ? undefined : fits(start - free - 10);
      free = after ? at + after.length * LETTER + 10 : at + 4;
      const place = after ? { x: at + 6 } : { x: start - 6, "text-anchor": "end" };
      if (after ?? before) picture.append(svg("text", { class: "label passive", y: top + 14, ...place }, after ?? before));
    }
  }

  #picked(n, group) {
    if (n !== undefined) group.addEventListener("click", () => this.onPick(n));
    return group;
  }
}

/** Words of marks, those within a few pixels of each other joined, from ``start`` to ``at``. */
function together(marks, x) {
  const groups = [];
  for (const mark of marks) {
    const at = x(mark.t);
    const last = groups.at(-1);
    const words = brief(mark.label, 32);
    if (last && at - last.at < NEAR) Object.assign(last, { at, all: brief(`${last.all}, ${words}`, 48) });
    else groups.push({ start: at, at, all: words, first: words });
  }
  return groups;
}

function block({ from, to, look, label, cut }, x, y, height, time) {
  const left = x(from);
  const width = Math.max(2, x(Math.min(to, Math.max(time, from))) - left);
  return svg("rect", { class: `span ${look}${cut ? " was-cut" : ""}`, x: left, y, width, height, rx: 3 }, svg("title", {}, label));
}

function axisEnd(time, over) {
  const seconds = time / 1000;
  if (over) return Math.max(5, seconds * 1.02) * 1000;
  return (STEPS.find((step) => seconds * 1.04 < step) ?? Math.ceil(seconds / 1800 + 0.1) * 1800) * 1000;
}
