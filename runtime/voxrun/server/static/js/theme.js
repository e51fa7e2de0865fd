/** The colour switch: as the system, light, dark. */

import { remember, recall } from "./memory.js";

const ORDER = ["system", "light", "dark"];
const NAMES = { system: "as the system", light: "light", dark: "dark" };

/**
 * @param {HTMLButtonElement} button cycles through the schemes
 * @param {HTMLElement} label its text for screen readers
 */
export function connectTheme(button, label) {
  let scheme = recall("theme", "system");
  if (!ORDER.includes(scheme)) scheme = "system";
  const show = () => {
    if (scheme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = scheme;
    label.textContent = `Colours: ${NAMES[scheme]}`;
    button.title = label.textContent;
  };
  button.addEventListener("click", () => {
    scheme = ORDER[(ORDER.indexOf(scheme) + 1) % ORDER.length];
    remember("theme", scheme);
    show();
  });
  show();
}
