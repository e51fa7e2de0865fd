// Elements. Texts go in as text only: there is no way here to put markup in.

function byId(id) {
  return document.getElementById(id);
}

/** @param {string} tag @param {Record<string, any>} [props] @param {...(Node | string | null | undefined | false)} children */
function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false || value === null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child !== null && child !== undefined && child !== false && child !== "") element.append(child);
  return element;
}

/** What a scenario, a peer or a script wrote. */
function theirs(text, tag = "span", name = "") {
  return h(tag, { class: `theirs ${name}`.trim() }, text);
}

/** A picture of 24 by 24. @param {string} d */
function icon(d) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", d);
  svg.append(path);
  return svg;
}

function readJson(id) {
  return JSON.parse(byId(id).textContent);
}

/** Bytes of a base64 text. @param {string} text */
function bytes(text) {
  const binary = atob(text);
  const result = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) result[i] = binary.charCodeAt(i);
  return result;
}

/** Colours of the style sheet for a canvas, by name; read again when the theme changes. */
const colors = new Proxy({}, {
  get(cache, name) {
    if (!cache[name]) {
      const probe = h("span", { hidden: true });
      probe.style.color = `var(--${String(name)})`;
      document.body.append(probe);
      cache[name] = getComputedStyle(probe).color;
      probe.remove();
    }
    return cache[name];
  },
});

function forgetColors() {
  for (const name of Object.keys(colors)) delete colors[name];
}

/** A canvas as large as its box, sharp on every screen. @returns {CanvasRenderingContext2D} */
function prepare(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  const [w, t] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== t) Object.assign(canvas, { width: w, height: t });
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
