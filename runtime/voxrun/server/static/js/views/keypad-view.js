/** The keypad, and the number keys of the keyboard. */

import { h, takesTyping } from "../dom.js";

const KEYS = [
  ["1", ""], ["2", "abc"], ["3", "def"],
  ["4", "ghi"], ["5", "jkl"], ["6", "mno"],
  ["7", "pqrs"], ["8", "tuv"], ["9", "wxyz"],
  ["*", ""], ["0", "+"], ["#", ""],
];
const SPOKEN = { "*": "star", "#": "hash" };
const FLASH = 140;

/**
 * @param {{pad: HTMLElement, toggle: HTMLButtonElement}} elements
 * @param {(key: string) => void} press
 * @returns {{fit: (inCall: boolean) => void}}
 */
export function connectKeypad({ pad, toggle }, press) {
  const buttons = new Map();
  for (const [key, letters] of KEYS) {
    const button = h("button", { type: "button", class: "key", "aria-label": SPOKEN[key] ?? key, onclick: () => press(key) },
      h("span", { class: "digit" }, key),
      h("span", { class: "letters", "aria-hidden": "true" }, letters));
    buttons.set(key, button);
    pad.append(button);
  }

  let chosen = false;
  const open = (on) => {
    pad.hidden = !on;
    toggle.setAttribute("aria-expanded", String(on));
  };
  toggle.addEventListener("click", () => {
    chosen = true;
    open(pad.hidden);
  });
  open(false);

  document.addEventListener("keydown", (event) => {
    const button = buttons.get(event.key);
    if (!button || event.ctrlKey || event.metaKey || event.altKey || event.repeat || takesTyping(event.target)) return;
    event.preventDefault();
    button.classList.add("pressed");
    setTimeout(() => button.classList.remove("pressed"), FLASH);
    press(event.key);
  });

  return {
    /** Open it for a call where there is room, until the person opens or closes it themselves. */
    fit(inCall) {
      if (!chosen) open(inCall && window.matchMedia("(min-width: 700px)").matches);
    },
  };
}
