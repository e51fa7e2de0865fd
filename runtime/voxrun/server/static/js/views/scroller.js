/** Keeps a growing list at its end while the person is there, and shows "Latest" when they are not. */

const NEAR = 48;

export class Scroller {
  /** @param {HTMLElement} box what scrolls @param {HTMLButtonElement} jump */
  constructor(box, jump) {
    this.box = box;
    this.jump = jump;
    this.following = true;
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    jump.addEventListener("click", () => this.toEnd());
  }

  /** Call after the content has grown. */
  grown() {
    if (this.box.hidden) return;
    if (this.following) this.box.scrollTop = this.box.scrollHeight;
    else this.jump.hidden = false;
  }

  toEnd() {
    this.following = true;
    this.jump.hidden = true;
    this.box.scrollTop = this.box.scrollHeight;
  }

  #scrolled() {
    this.following = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR;
    if (this.following) this.jump.hidden = true;
  }
}
