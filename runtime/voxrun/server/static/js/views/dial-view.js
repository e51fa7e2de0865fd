/** The dial form and its options. */

import { parseHeaders } from "../calls.js";
import { byId, setText } from "../dom.js";
import { clock } from "../format.js";
import { recall, remember } from "../memory.js";

const REMEMBERED = ["to", "from", "display-name", "user"];
const FROM_LINK = { to: "to", from: "from", name: "display-name", user: "user", data: "call-data" };

/**
 * @param {any} store
 * @param {import("../phone.js").Phone} phone
 */
export function connectDial(store, phone) {
  const form = byId("dial");
  const to = byId("to");
  const last = byId("last-call");
  const button = byId("call");
  prefill();

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (store.get().link !== "online") {
      complain(last, "voxrun does not answer: the call cannot be made now.");
      return;
    }
    const wanted = readForm(last);
    if (!wanted) return;
    for (const id of REMEMBERED) remember(id, byId(id).value);
    void phone.call(wanted);
  });

  store.watch((state) => [state.link, state.calls.length > 0], (link, busy) => {
    form.hidden = busy;
    // Not "disabled": the button keeps the focus while the connection comes up.
    button.setAttribute("aria-disabled", String(link !== "online"));
  });
  store.watch((state) => [state.lastEnd], (end) => {
    last.hidden = !end;
    if (!end) return;
    const length = end.duration > 0 ? ` after ${clock(end.duration * 1000)}` : "";
    last.dataset.good = String(Boolean(end.good));
    setText(last, `${end.sentence.replace(/\.$/, "")}${length}.`);
  });

  return {
    /** A key of the keypad while no call is up. @param {string} key */
    type(key) {
      to.value += key;
      last.hidden = true;
    },
    /** Back to where the person can act, when the call's buttons have gone. */
    focus: () => button.focus({ preventScroll: true }),
  };
}

/** Values from the address win over what was used last. */
function prefill() {
  for (const id of REMEMBERED) byId(id).value = recall(id, byId(id).value);
  const query = new URLSearchParams(location.search);
  for (const [name, id] of Object.entries(FROM_LINK)) {
    const value = query.get(name);
    if (value !== null) byId(id).value = value;
  }
  byId("to").value ||= "123";
  byId("from").value ||= "browser";
}

function complain(box, sentence) {
  box.dataset.good = "false";
  box.hidden = false;
  setText(box, sentence);
}

/** @returns {null | {to: string, from: string, displayName: string, customData: string, headers: object}} */
function readForm(complaint) {
  const to = byId("to").value.trim();
  const { headers, wrong } = parseHeaders(byId("headers").value);
  const problem = !to
    ? [byId("to"), "Enter a number or a user to call."]
    : wrong && [byId("headers"), `“${wrong}” is no header: write a name, a colon and the value.`];
  for (const field of [byId("to"), byId("headers")]) field.removeAttribute("aria-invalid");
  if (problem) {
    const [field, sentence] = problem;
    if (field.closest("details")) field.closest("details").open = true;
    field.setAttribute("aria-invalid", "true");
    field.focus();
    complain(complaint, sentence);
    return null;
  }
  return {
    to,
    from: byId("from").value.trim(),
    displayName: byId("display-name").value.trim(),
    customData: byId("call-data").value,
    headers,
  };
}
