/** The few helpers that make and find elements. Text always goes in as text, never as markup. */

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} id @returns {any} the element; a missing one is our mistake, said at once */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no element #${id}`);
  return element;
}

/**
 * Make an element: h("button", { type: "button", class: "quiet", onclick: f }, "Text", child, ...).
 * null, undefined and false are skipped, as attributes and as children; true gives an empty attribute.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...any} children
 * @returns {any}
 */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG elements. @returns {any} */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** @param {string} name of a symbol in index.html @returns {SVGElement} */
export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `#i-${name}` }));
}

/** Set text only when it differs: live regions speak on every change. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {EventTarget | null} target @returns {boolean} whether typed keys belong to it */
export function takesTyping(target) {
  return target instanceof HTMLElement
    && (target.isContentEditable || target.matches("input:not([type=checkbox]), textarea, select"));
}

/** Copies text, and says whether it could. The clipboard API is missing on plain http. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
