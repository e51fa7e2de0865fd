/**
 * A long list that only grows: rows are added, a filter draws it anew, and at most ``MOST`` rows are kept
 * in the page. The log and the events are both such lists.
 */

import { h } from "../dom.js";
import { Scroller } from "./scroller.js";

const MOST = 2500;

/** @template T */
export class ListView {
  /**
   * @param {HTMLElement} box
   * @param {HTMLButtonElement} jump
   * @param {(item: T) => HTMLElement} build
   * @param {(item: T) => string} words what the filter looks at
   */
  constructor(box, jump, build, words) {
    this.box = box;
    this.build = build;
    this.words = words;
    this.scroller = new Scroller(box, jump);
    /** @type {T[]} */
    this.items = [];
    this.drawn = 0;
    this.filter = "";
    /** @type {(item: T) => boolean} items that are left out whatever the filter says */
    this.hide = () => false;
    /** @type {WeakMap<object, HTMLElement>} */
    this.rows = new WeakMap();
  }

  /** @param {T[]} items a list that will grow in place @param {HTMLElement} empty */
  show(items, empty) {
    this.items = items;
    this.empty = empty;
    this.again();
  }

  setFilter(text) {
    this.filter = text.trim().toLowerCase();
    this.again();
  }

  draw() {
    if (this.drawn === this.items.length) return;
    const rows = this.items.slice(Math.max(this.drawn, this.items.length - MOST)).filter((item) => this.#wanted(item));
    this.drawn = this.items.length;
    if (rows.length === 0) return;
    this.box.querySelector(":scope > .empty")?.remove();
    this.box.append(...rows.map((item) => this.#row(item)));
    while (this.box.children.length > MOST) this.box.firstChild?.remove();
    this.scroller.grown();
  }

  /** Draw one item again. @param {T} item */
  redraw(item) {
    const old = this.rows.get(item);
    if (!old?.isConnected) return;
    const open = old instanceof HTMLDetailsElement && old.open;
    const row = this.#row(item);
    if (open) row.open = true;
    old.replaceWith(row);
  }

  #row(item) {
    const row = this.build(item);
    this.rows.set(item, row);
    return row;
  }

  #wanted(item) {
    if (this.hide(item)) return false;
    return !this.filter || this.words(item).toLowerCase().includes(this.filter);
  }

  /** Draw everything anew. */
  again() {
    this.drawn = 0;
    this.box.replaceChildren();
    this.draw();
    if (!this.box.firstChild) {
      const none = h("p", { class: "empty" }, `Nothing contains “${this.filter}”.`);
      this.box.append(this.filter && this.items.length ? none : this.empty);
    }
    this.scroller.toEnd();
  }
}
