/** Sentences about what is in the way, under the header, each with what can be done. */

import { h } from "../dom.js";

export class Notices {
  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
    /** @type {Map<string, HTMLElement>} */
    this.shown = new Map();
  }

  /**
   * @param {import("../problems.js").Problem} problem
   * @param {{label: string, act: () => void}[]} [actions] each closes the notice
   */
  show(problem, actions = []) {
    const { id, level, title, advice } = problem;
    const close = () => this.close(id);
    const buttons = actions.map(({ label, act }) =>
      h("button", { type: "button", class: "secondary", onclick: () => { close(); act(); } }, label));
    const notice = h("div", { class: `notice ${level}` },
      h("p", {}, h("strong", {}, title), advice ? ` ${advice}` : ""),
      h("div", { class: "notice-actions" }, buttons,
        level === "error" && id === "server" ? null : h("button", { type: "button", class: "quiet", onclick: close }, "Dismiss")));
    const old = this.shown.get(id);
    if (old) old.replaceWith(notice);
    else this.box.append(notice);
    this.shown.set(id, notice);
    this.box.hidden = false;
  }

  close(id) {
    this.shown.get(id)?.remove();
    this.shown.delete(id);
    this.box.hidden = this.shown.size === 0;
  }
}
