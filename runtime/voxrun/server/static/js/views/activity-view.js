/** The log and the events of the shown session, with filter and copy. */

import { byId, copyText, h } from "../dom.js";
import { position, preciseClock, pretty, shortKind } from "../format.js";
import { ListView } from "./list-view.js";
import { connectTabs } from "./tabs.js";

const SIGNS = { event: "→", command: "←", wire: "≈", session: "•", error: "!" };
const SIGN_NAMES = { event: "event", command: "command", wire: "traffic", session: "session", error: "error" };

export class ActivityView {
  /** @param {(sentence: string) => void} announce */
  constructor(announce) {
    const jump = byId("activity-jump");
    this.log = new ListView(byId("panel-log"), jump, logRow, (line) => `${line.text} ${line.level} ${line.where}`);
    this.events = new ListView(byId("panel-events"), jump, eventRow, (each) => `${each.kind} ${each.about} ${each.where}`);
    this.choose = connectTabs(byId("tabs"), (id) => {
      jump.hidden = true;
      byId("traffic-choice").hidden = id !== "tab-events";
      this.current.scroller.toEnd();
    });
    // Traffic repeats most events in the provider's words: it is there for those who ask for it.
    const traffic = byId("traffic");
    this.events.hide = (each) => each.k === "wire" && !traffic.checked;
    traffic.addEventListener("change", () => this.events.again());
    const filter = byId("filter");
    filter.addEventListener("input", () => {
      this.log.setFilter(filter.value);
      this.events.setFilter(filter.value);
    });
    byId("copy").addEventListener("click", async () => {
      const done = await copyText(this.current.box.innerText);
      announce(done ? "Copied." : "The browser did not allow copying.");
    });
  }

  get current() {
    return this.log.box.hidden ? this.events : this.log;
  }

  /** @param {import("../journal.js").Journal | null} journal */
  show(journal) {
    this.journal = journal;
    this.log.show(journal?.log ?? [], empty("Nothing written yet", "What the scenario writes with Logger.write appears here, with its line."));
    this.events.show(journal?.happenings ?? [], empty("No events yet", "Each event the scenario gets and each command it gives appears here, in order."));
  }

  draw() {
    this.log.draw();
    this.events.draw();
    for (const each of this.journal?.grown ?? []) this.events.redraw(each);
    this.journal?.grown.clear();
  }

  /** Show the record that a mark of the timeline stands for. @param {number} n */
  reveal(n) {
    const logged = this.log.box.querySelector(`[data-n="${n}"]`);
    this.choose(logged ? "tab-log" : "tab-events");
    const joined = this.journal?.happenings.find((each) => each.records.some((record) => record.n === n));
    const row = logged ?? this.events.box.querySelector(`[data-n="${joined?.n}"]`);
    if (!row) return;
    if (row instanceof HTMLDetailsElement) row.open = true;
    row.scrollIntoView({ block: "center" });
    row.classList.add("found");
    setTimeout(() => row.classList.remove("found"), 1600);
  }
}

function empty(title, advice) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), h("p", {}, advice));
}

function logRow({ n, t, level, text, where }) {
  return h("p", { class: `row ${level}`, "data-n": n },
    h("time", { class: "t" }, preciseClock(t)),
    h("span", { class: "words" },
      level === "warning" || level === "error" ? h("span", { class: "level" }, level) : null,
      text),
    where ? h("span", { class: "where" }, position(where)) : null);
}

/** The data are opened up only when somebody looks: a session has thousands of rows. */
function eventRow({ n, t, k, kind, about, where, records }) {
  const row = h("details", { class: `row k-${k}`, "data-n": n },
    h("summary", {},
      h("time", { class: "t" }, preciseClock(t)),
      h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[k] ?? "·"),
      h("span", { class: "sr" }, SIGN_NAMES[k] ?? k),
      h("span", { class: "kind", title: kind }, shortKind(kind)),
      h("span", { class: "about" }, about),
      where ? h("span", { class: "where" }, position(where)) : null));
  row.addEventListener("toggle", () => {
    if (row.open && row.children.length === 1) row.append(h("pre", { tabindex: "0" }, records.map(pretty).join("\n")));
  });
  return row;
}
