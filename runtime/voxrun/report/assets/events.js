// The list of events: every record, searched and filtered; only the rows in sight are elements.

const records = readJson("records");
const GROUPS = [["event", "Events"], ["command", "Commands"], ["message", "WebSocket"], ["http", "HTTP"], ["timer", "Timers"], ["log", "Log"], ["session", "Session"]];
const list = { shown: data.rows.map((_, index) => index), only: new Set(), rowHeight: 28, drawn: "" };
const MOST_RECORDS = 40;
/** @type {string[]} what is searched in, made when it is first needed */
const texts = [];

function textOf(index) {
  const row = data.rows[index];
  texts[index] ??= `${row[3]} ${row[4]} ${row[5]} ${row[7].map((n) => JSON.stringify(records[n])).join(" ")}`.toLowerCase();
  return texts[index];
}

function filterRows() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  list.shown = [];
  for (const [index, row] of data.rows.entries()) {
    if (list.only.size && !list.only.has(row[0])) continue;
    if (words.every((word) => textOf(index).includes(word))) list.shown.push(index);
  }
  const all = list.shown.length === data.rows.length;
  byId("found").textContent = all ? `${data.rows.length} in all` : `${list.shown.length} of ${data.rows.length}`;
  byId("list").scrollTop = 0;
  list.drawn = "";
  drawRows();
}

function drawRows() {
  const box = byId("list");
  list.rowHeight = matchMedia("(max-width: 699px)").matches ? 48 : 28;
  const first = Math.max(0, Math.floor(box.scrollTop / list.rowHeight) - 6);
  const last = Math.min(list.shown.length, Math.ceil((box.scrollTop + box.clientHeight) / list.rowHeight) + 6);
  const past = data.rows.findLastIndex((row) => row[1] <= state.time);
  const key = `${first} ${last} ${state.row} ${list.rowHeight} ${Math.min(last, past)}`;
  if (key === list.drawn) return;
  list.drawn = key;
  const space = byId("list-space");
  space.style.height = `${list.shown.length * list.rowHeight}px`;
  const elements = list.shown.slice(first, last).map((index, offset) => rowElement(index, first + offset));
  if (!list.shown.length) elements.push(h("p", { class: "empty" }, "No event holds all of these words."));
  space.replaceChildren(...elements);
  const chosen = byId(`row-${state.row}`);
  if (chosen) box.setAttribute("aria-activedescendant", chosen.id);
  else box.removeAttribute("aria-activedescendant");
}

function rowElement(index, place) {
  const [group, t, sign, kind, about, where, tone] = data.rows[index];
  const element = h("div", {
    class: `row ${group} ${tone}`, id: `row-${index}`, role: "option", "aria-selected": String(index === state.row),
    "aria-setsize": list.shown.length, "aria-posinset": place + 1, onclick: () => setRow(index), ondblclick: () => seek(t),
  }, h("span", { class: "t" }, exactClock(t)), h("span", { class: "sign", "aria-hidden": "true" }, sign), theirs(kind, "span", "kind"), theirs(about, "span", "about"), h("span", { class: "where" }, position(where)));
  element.style.top = `${place * list.rowHeight}px`;
  return element;
}

function showDetail() {
  const detail = byId("detail");
  const row = data.rows[state.row];
  if (!row) {
    detail.replaceChildren(h("p", { class: "hint" }, "Choose an event to see all of it."));
    return;
  }
  const [, t, , kind, , where, , numbers] = row;
  detail.replaceChildren(
    theirs(kind, "h3"),
    h("p", { class: "meta" }, exactClock(t), where && ` · ${where}`, numbers.length > 1 && ` · ${several(numbers.length, "record")}`),
    h("button", { type: "button", class: "quiet", onclick: () => listenAt(t) }, heardHere.length ? "Listen from here" : "Show on the time axis"),
    ...numbers.slice(0, MOST_RECORDS).map(recordElement));
  const more = numbers.length - MOST_RECORDS;
  if (more > 0) detail.append(h("p", { class: "hint" }, `and ${several(more, "more record")}, in journal.jsonl.`));
  detail.scrollTop = 0;
}

function listenAt(t) {
  showMoment(t);
  if (heardHere.length && !state.playing) play();
}

function recordElement(n) {
  const record = records[n];
  if (record?.cut === undefined || record.of === undefined) return theirs(JSON.stringify(record, null, 2), "pre");
  return theirs(`${record.cut}…\n\n(${record.of} characters in all: the rest is in journal.jsonl)`, "pre");
}

/** Bring the chosen row into sight, in the list and on the axis. */
function revealRow() {
  const place = list.shown.indexOf(state.row);
  const box = byId("list");
  if (place >= 0) {
    const top = place * list.rowHeight;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + list.rowHeight > box.scrollTop + box.clientHeight) box.scrollTop = top + list.rowHeight - box.clientHeight;
  }
  drawRows();
  showDetail();
  const t = data.rows[state.row]?.[1];
  const wide = state.to - state.from;
  if (t !== undefined && (t < state.from || t > state.to)) setView(t - wide / 2, t + wide / 2);
}

function listKey(event) {
  const page = Math.max(1, Math.floor(byId("list").clientHeight / list.rowHeight) - 1);
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
  if (event.key === "Enter" && state.row >= 0) showMoment(data.rows[state.row][1]);
  else if (event.key in steps && list.shown.length) {
    const at = list.shown.indexOf(state.row);
    const next = at < 0 && steps[event.key] > 0 && steps[event.key] !== Infinity ? 0 : Math.min(list.shown.length - 1, Math.max(0, at + steps[event.key]));
    setRow(list.shown[next]);
  } else return;
  event.preventDefault();
}

function startEvents() {
  const counts = new Map();
  for (const [group] of data.rows) counts.set(group, (counts.get(group) ?? 0) + 1);
  for (const [group, name] of GROUPS) {
    if (!counts.has(group)) continue;
    byId("chips").append(h("button", { type: "button", class: "chip", "aria-pressed": "false", onclick: (event) => {
      const on = !list.only.delete(group);
      if (on) list.only.add(group);
      event.currentTarget.setAttribute("aria-pressed", String(on));
      filterRows();
    } }, name, h("span", { class: "count" }, String(counts.get(group)))));
  }
  byId("search").addEventListener("input", filterRows);
  byId("search").addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.target.value = ""; filterRows(); }
    else if (event.key === "Enter" && list.shown.length) setRow(list.shown[0]);
  });
  byId("list").addEventListener("scroll", drawRows);
  byId("list").addEventListener("keydown", listKey);
  new ResizeObserver(() => { list.drawn = ""; drawRows(); }).observe(byId("list"));
  watch("row", revealRow);
  watch("time", drawRows);
  filterRows();
  showDetail();
}
