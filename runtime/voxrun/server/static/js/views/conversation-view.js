/** The conversation as lines. Only lines that changed are drawn again. */

import { byId, h, setText } from "../dom.js";
import { brief, clock, pretty, span } from "../format.js";
import { Scroller } from "./scroller.js";

const STATES = { listening: "Agent listens", thinking: "Agent thinks", speaking: "Agent speaks", idle: "Agent waits" };
const SPOKEN_KEPT = 20;
const NEWS = 8000;

export class ConversationView {
  constructor() {
    this.box = byId("conversation");
    this.scroller = new Scroller(this.box, byId("conversation-jump"));
    this.state = byId("agent-state");
    this.spoken = byId("spoken");
    /** @type {Map<number, HTMLElement>} */
    this.rows = new Map();
    this.journal = null;
    this.own = false;
  }

  /**
   * @param {import("../journal.js").Journal | null} journal the session to show
   * @param {boolean} own whether this page is in its call: the caller is then "You"
   * @param {HTMLElement} empty what to show while nothing was said
   */
  show(journal, own, empty) {
    this.journal = journal;
    this.own = own;
    this.rows.clear();
    this.box.replaceChildren(empty);
    for (const line of journal?.conversation.lines ?? []) journal?.conversation.changed.add(line);
    this.draw(Number.POSITIVE_INFINITY);
    this.scroller.toEnd();
  }

  /** @param {number} now session time in ms; lines from long before are not spoken to screen readers */
  draw(now) {
    const conversation = this.journal?.conversation;
    if (!conversation) {
      this.state.hidden = true;
      return;
    }
    if (conversation.changed.size) {
      for (const line of conversation.changed) {
        this.#drawLine(line);
        if (now - line.t < NEWS) this.#speak(line);
      }
      conversation.changed.clear();
      this.scroller.grown();
    }
    const state = this.journal.over ? "" : conversation.agentState;
    this.state.hidden = !state;
    this.state.dataset.state = state;
    setText(this.state, STATES[state] ?? state);
  }

  #drawLine(line) {
    const blank = line.type === "say" && !line.text.trim();
    const old = this.rows.get(line.key);
    if (blank) {
      old?.remove();
      this.rows.delete(line.key);
      return;
    }
    const row = buildLine(line, this.own);
    if (old) {
      const open = old.querySelector("details")?.open;
      if (open) row.querySelector("details")?.setAttribute("open", "");
      old.replaceWith(row);
    } else {
      this.box.querySelector(".empty")?.remove();
      this.#insert(row, line.key);
    }
    this.rows.set(line.key, row);
  }

  /** Lines stand in the order in which they began, even if one was blank at first. */
  #insert(row, key) {
    row.dataset.key = String(key);
    const after = [...this.box.children].findLast((child) => Number(child.dataset.key) < key);
    if (after) after.after(row);
    else this.box.prepend(row);
  }

  #speak(line) {
    if (line.open || line.said || !["say", "message", "tool"].includes(line.type)) return;
    line.said = true;
    const words = line.type === "tool" ? `Tool ${line.name} answered` : `${speaker(line.who, this.own)}: ${line.text}`;
    this.spoken.append(h("p", {}, line.cut ? `${words}, interrupted` : words));
    while (this.spoken.children.length > SPOKEN_KEPT) this.spoken.firstChild?.remove();
  }
}

function speaker(who, own) {
  if (who === "caller") return own ? "You" : "Caller";
  return who === "scenario" ? "Scenario" : "Agent";
}

function buildLine(line, own) {
  const time = h("time", { class: "t" }, clock(line.t));
  switch (line.type) {
    case "tool":
      return h("article", { class: "line tool", "data-key": line.key }, time, h("span", { class: "who" }, "Tool"), toolBody(line));
    case "keys":
      return h("p", { class: "line note", "data-key": line.key }, time,
        h("span", { class: "words" }, line.keysOf === "caller" ? `${speaker("caller", own)} pressed ` : "Scenario sent ",
          line.digits.split("").map((digit) => h("kbd", {}, digit))));
    case "note":
      return h("p", { class: `line note ${line.tone}`, "data-key": line.key }, time, h("span", { class: "words" }, line.text));
    default:
      return h("article", { class: `line say ${line.who}`, "data-key": line.key, "data-open": String(Boolean(line.open)) }, time,
        h("span", { class: "who" }, speaker(line.who, own)),
        h("p", { class: "words" }, line.text,
          line.unheard ? [" ", h("s", { class: "unheard", title: "Not heard by the caller" }, line.unheard)] : null,
          line.cut ? h("span", { class: "badge cut" }, "interrupted") : null,
          line.type === "message" || line.medium === "text" ? h("span", { class: "badge" }, "text") : null));
  }
}

function toolBody(line) {
  const answer = line.open
    ? h("span", { class: "waiting" }, "waiting for the result")
    : h("span", {}, h("span", { class: line.failed ? "result failed" : "result" }, brief(line.result, 120) || "no result"),
      h("span", { class: "took" }, span(line.took)));
  return h("details", { class: "words" },
    h("summary", {}, h("code", { class: "tool-name" }, line.name), h("code", { class: "args" }, brief(line.args ?? {}, 120)),
      h("span", { class: "answer" }, answer)),
    h("div", { class: "tool-full" },
      h("p", {}, "Arguments"), h("pre", { tabindex: "0" }, pretty(line.args ?? {})),
      line.open ? null : [h("p", {}, line.failed ? "Error" : "Result"), h("pre", { tabindex: "0" }, pretty(line.result))]));
}
