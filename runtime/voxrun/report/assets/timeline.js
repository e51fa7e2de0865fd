// The time axis: all lanes over one stretch of time, the moment, the chosen event.

const AXIS = 22;
const STEPS = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000, 1800000, 3600000];
const timeline = { width: 0, left: 0, right: 0, height: AXIS + lanes.reduce((sum, lane) => sum + lane.height, 0) + 4 };

/** @param {number} ms @returns {number} where it is, in pixels */
function xOf(ms) {
  return timeline.left + ((ms - state.from) / (state.to - state.from)) * (timeline.right - timeline.left);
}

/** @param {number} x @returns {number} ms */
function timeAt(x) {
  return state.from + ((x - timeline.left) / (timeline.right - timeline.left)) * (state.to - state.from);
}

function drawTimeline() {
  const { width, height, left, right } = timeline;
  if (width < 100) return;
  const context = prepare(byId("canvas"), width, height);
  drawAxis(context);
  context.save();
  context.beginPath();
  context.rect(left - 8, 0, right - left + 16, height);
  context.clip();
  let top = AXIS;
  for (const lane of lanes) {
    lane.top = top;
    lane.draw(context, lane, { top, height: lane.height, left, right, x: xOf });
    top += lane.height;
  }
  drawMoments(context);
  context.restore();
  drawNames(context);
}

function drawAxis(context) {
  const { left, right, height } = timeline;
  const most = Math.max(2, (right - left) / 76);
  const step = STEPS.find((each) => (state.to - state.from) / each <= most) ?? STEPS.at(-1);
  context.font = SMALL;
  for (let t = Math.ceil(state.from / step) * step; t <= state.to; t += step) {
    const x = xOf(t);
    context.fillStyle = colors.line;
    context.fillRect(x, AXIS - 4, 1, height - AXIS);
    context.fillStyle = colors["ink-3"];
    const label = step >= 1000 ? clock(t) : exactClock(t).slice(0, step >= 100 ? -2 : -1);
    const wide = context.measureText(label).width;
    context.fillText(label, Math.min(right - wide, Math.max(left, x - wide / 2)), 13);
  }
}

function drawNames(context) {
  const narrow = timeline.width < NARROW;
  for (const lane of lanes) {
    context.fillStyle = colors.line;
    context.fillRect(0, lane.top, timeline.width, 1);
    context.font = `500 ${narrow ? 11 : 12}px ${FONT}`;
    context.fillStyle = colors[lane.side ? lane.color : "ink-2"];
    clipped(context, narrow ? lane.short : lane.name, narrow ? 8 : 16, lane.top + (lane.side ? 15 : Math.min(lane.height / 2 + 4, 16)), timeline.left - 14);
  }
}

/** The moment, and the chosen event. */
function drawMoments(context) {
  const row = data.rows[state.row];
  if (row) {
    context.fillStyle = colors.agent;
    context.globalAlpha = 0.55;
    context.fillRect(xOf(row[1]) - 2.5, AXIS - 4, 5, timeline.height);
    context.globalAlpha = 1;
  }
  const x = xOf(state.time);
  context.fillStyle = colors.cursor;
  context.fillRect(x - 0.75, AXIS - 6, 1.5, timeline.height);
  context.beginPath();
  context.moveTo(x - 5, AXIS - 8);
  context.lineTo(x + 5, AXIS - 8);
  context.lineTo(x, AXIS - 1);
  context.fill();
}

/** What is under a point. @returns {{lane: any, item: any} | undefined} */
function hit(x, y) {
  const lane = lanes.find((each) => y >= each.top && y < each.top + each.height);
  if (!lane || x < timeline.left) return undefined;
  const near = lane.side || lane.draw === drawSpeech ? 0 : 7;
  let best;
  let least = Infinity;
  for (const each of lane.items) {
    const [from, to] = [xOf(each.start), xOf(each.end)];
    if (x < from - near || x > to + near) continue;
    if (lane.rows && Math.abs(y - lane.top - 7.5 - each.level * 9) > 5) continue;
    const away = Math.abs(x - (lane.draw === drawChecks ? to : from)) + (to - from) / 1000;
    if (away < least) [best, least] = [each, away];
  }
  return best && { lane, item: best };
}

function describeMoment() {
  const box = byId("timeline");
  const line = data.lines.findLast((each) => each.kind === "say" && each.t <= state.time && (each.end ?? each.t) + 1000 >= state.time);
  const row = data.rows[state.row];
  const parts = [clock(state.time), line && `${line.who} says ${line.text}`, row && `event ${row[3]} ${row[4]}`];
  box.setAttribute("aria-valuenow", String(Math.round(state.time / 1000)));
  box.setAttribute("aria-valuetext", parts.filter(Boolean).join(", ").slice(0, 300));
}

function startTimeline() {
  const box = byId("timeline");
  box.setAttribute("aria-valuemin", "0");
  box.setAttribute("aria-valuemax", String(Math.round(length / 1000)));
  byId("canvas").style.height = `${timeline.height}px`;
  box.style.height = `${timeline.height}px`;
  new ResizeObserver(([entry]) => {
    const width = Math.floor(entry.contentRect.width);
    Object.assign(timeline, { width, left: width < NARROW ? 58 : 116, right: width - 12 });
    drawTimeline();
  }).observe(box);
  watch("time view row theme", drawTimeline);
  watch("time row", describeMoment);
  describeMoment();
}
