/** The call that is up: whom with, since when, and its buttons; other calls under it. */

import { phaseText } from "../calls.js";
import { byId, h, icon, setText } from "../dom.js";
import { clock } from "../format.js";

/**
 * @param {any} store
 * @param {import("../phone.js").Phone} phone
 * @param {() => void} onGone the last call is over and its buttons had the focus
 * @returns {{tick: () => void}} call it a few times a second
 */
export function connectCall(store, phone, onGone) {
  const box = byId("active-call");
  const parts = build(phone, () => store.get().selected);
  box.append(parts.root);
  let shown = "";

  const draw = (calls, selected) => {
    const call = calls.find((each) => each.id === selected && each.phase !== "incoming");
    const hadFocus = box.contains(document.activeElement);
    box.hidden = !call;
    if (!call) {
      shown = "";
      if (hadFocus && calls.length === 0) onGone();
      return;
    }
    drawCall(parts, call);
    drawOthers(parts, phone, calls.filter((each) => each !== call && each.phase !== "incoming"));
    if (shown !== call.id) {
      shown = call.id;
      // Calling hides the button that was pressed: give the focus to its opposite.
      if (!document.activeElement || document.activeElement === document.body || !document.activeElement.checkVisibility()) {
        parts.hangup.focus({ preventScroll: true });
      }
    }
  };
  store.watch((state) => [state.calls, state.selected], draw);

  return {
    tick() {
      const call = store.get().calls.find((each) => each.id === store.get().selected);
      setText(parts.time, call?.since ? clock(Date.now() - call.since) : "");
    },
  };
}

function build(phone, selected) {
  const party = h("p", { class: "party" });
  const detail = h("p", { class: "detail" });
  const state = h("p", { class: "phase", role: "status" });
  const time = h("p", { class: "time", role: "timer", "aria-label": "Length of the call" });
  const keys = h("p", { class: "pressed-keys", "aria-label": "Keys pressed" });
  const mute = toggle("mic", "Mute", (on) => phone.mute(selected(), on));
  const hold = toggle("hold", "Hold", (on) => phone.hold(selected(), on));
  const write = toggle("message", "Message", (on) => {
    form.hidden = !on;
    write.setAttribute("aria-pressed", String(on));
    if (on) text.focus();
  });
  const hangup = h("button", { type: "button", class: "call-button hangup", onclick: () => phone.hangup(selected()) },
    icon("hangup"), "Hang up");
  const text = h("input", { type: "text", id: "message-text", autocomplete: "off", "aria-label": "Text message to the scenario", placeholder: "Text message" });
  const form = h("form", { class: "message-form", hidden: true }, text, h("button", { type: "submit", class: "secondary" }, "Send"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (text.value && phone.message(selected(), text.value)) text.value = "";
  });
  const others = h("ul", { class: "other-calls", "aria-label": "Other calls" });
  const root = h("div", { class: "call" },
    h("div", { class: "call-head" }, h("div", {}, party, detail), time),
    h("div", { class: "call-line" }, state, keys),
    h("div", { class: "call-tools", role: "group", "aria-label": "Call" }, mute, hold, write),
    form, hangup, others);
  return { root, party, detail, state, time, keys, mute, hold, write, hangup, others };
}

function toggle(symbol, label, act) {
  const button = h("button", { type: "button", class: "tool-button", "aria-pressed": "false" }, icon(symbol), h("span", {}, label));
  button.addEventListener("click", () => act(button.getAttribute("aria-pressed") !== "true"));
  return button;
}

function drawCall(parts, call) {
  setText(parts.party, call.party);
  setText(parts.detail, call.detail);
  setText(parts.state, phaseText(call));
  setText(parts.keys, call.keys);
  parts.root.dataset.phase = call.phase;
  parts.mute.setAttribute("aria-pressed", String(call.muted));
  parts.mute.querySelector("use").setAttribute("href", call.muted ? "#i-mic-off" : "#i-mic");
  parts.mute.disabled = call.silent;
  parts.hold.setAttribute("aria-pressed", String(call.held));
  const talking = call.phase === "connected";
  parts.hold.disabled = !talking;
  parts.write.disabled = !talking;
}

function drawOthers(parts, phone, others) {
  parts.others.hidden = others.length === 0;
  parts.others.replaceChildren(...others.map((call) =>
    h("li", {},
      h("span", { class: "other-name" }, call.party, h("small", {}, phaseText(call))),
      h("button", { type: "button", class: "secondary", onclick: () => phone.select(call.id) }, `Talk to ${call.party}`),
      h("button", { type: "button", class: "secondary", onclick: () => phone.hangup(call.id) }, `Hang up ${call.party}`))));
}
