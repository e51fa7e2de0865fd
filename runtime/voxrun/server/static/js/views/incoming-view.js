/** Calls that ring. Answer gets the focus, unless the person is typing something. */

import { byId, h, icon, takesTyping } from "../dom.js";

/**
 * @param {any} store
 * @param {import("../phone.js").Phone} phone
 * @param {(sentence: string) => void} alarm says it to screen readers at once
 */
export function connectIncoming(store, phone, alarm) {
  const box = byId("incoming");
  /** @type {Map<string, HTMLElement>} */
  const cards = new Map();
  store.watch((state) => [state.calls], (calls) => {
    const ringing = calls.filter((call) => call.phase === "incoming");
    for (const [id, card] of cards) {
      if (ringing.some((call) => call.id === id)) continue;
      card.remove();
      cards.delete(id);
    }
    for (const call of ringing) {
      if (cards.has(call.id)) continue;
      const { card, answer } = build(call, phone, calls.length > ringing.length);
      cards.set(call.id, card);
      box.append(card);
      alarm(`Incoming call: ${[call.party, call.detail].filter(Boolean).join(", ")}`);
      if (!takesTyping(document.activeElement)) answer.focus();
      card.scrollIntoView({ block: "nearest" });
    }
  });
}

function build(call, phone, talking) {
  const title = `incoming-${call.id}`;
  const answer = h("button", { type: "button", class: "call-button", onclick: () => phone.answer(call.id) }, icon("call"), "Answer");
  const decline = h("button", { type: "button", class: "call-button hangup", onclick: () => phone.decline(call.id) }, icon("hangup"), "Decline");
  const card = h("section", { class: "card incoming", "aria-labelledby": title },
    h("p", { class: "phase" }, "Incoming call"),
    h("h2", { class: "party", id: title }, call.party),
    h("p", { class: "detail" }, call.detail),
    talking ? h("p", { class: "hint" }, "Answering moves the microphone to this call. The other one stays up.") : null,
    h("div", { class: "incoming-buttons" }, answer, decline));
  return { card, answer };
}
