// Expectations, times to answer, listeners that never ran.

function startChecks() {
  showExpectations();
  showAnswers(false);
  byId("slowest").addEventListener("click", (event) => {
    const on = event.currentTarget.getAttribute("aria-pressed") !== "true";
    event.currentTarget.setAttribute("aria-pressed", String(on));
    showAnswers(on);
  });
  const { silent } = data;
  byId("silent-card").hidden = !silent.length;
  for (const each of silent) byId("silent").append(h("li", {}, theirs(each.event), h("span", { class: "where" }, each.where)));
}

function showExpectations() {
  const all = data.expectations;
  byId("checks-card").hidden = !all.length;
  byId("checks-count").textContent = `${all.filter((each) => each.met).length} of ${all.length} met`;
  for (const each of all) {
    const [look, sign, word] = each.met ? ["met", "✓", "Met: "] : each.at_ms === null ? ["never", "–", "Not reached: "] : ["missed", "✗", "Missed: "];
    byId("checks").append(h("li", { class: look },
      h("span", { class: "sign", "aria-hidden": "true" }, sign),
      h("span", {}, h("span", { class: "sr" }, word), theirs(each.text)),
      each.at_ms === null ? h("span", { class: "where" }, "not reached") : h("button", { type: "button", class: "at", onclick: () => showMoment(each.at_ms) }, exactClock(each.at_ms).slice(0, -2)),
      each.closest && h("span", { class: "closest" }, "Closest: ", theirs(each.closest)),
      each.where && h("span", { class: "where" }, each.where)));
  }
}

function showAnswers(slowestFirst) {
  const turns = slowestFirst ? [...data.turns].sort((a, b) => b.wait - a.wait) : data.turns;
  byId("slowest").hidden = turns.length < 3;
  const most = Math.max(1, ...turns.map((turn) => turn.wait));
  byId("answers").replaceChildren(...turns.map((turn) => {
    const fill = h("span", { class: "fill" });
    fill.style.width = `${Math.max(0, (turn.wait / most) * 100)}%`;
    const value = turn.answer === null ? `none, ${duration(turn.wait)}` : turn.wait < 0 ? "at once" : duration(turn.wait);
    return h("li", { class: waitLook(turn) }, h("button", { type: "button", onclick: () => showMoment(turn.end) },
      h("span", { class: "t" }, clock(turn.end)),
      theirs(turn.words || "(not transcribed)", "span", "said"),
      h("span", { class: "track", "aria-hidden": "true" }, fill),
      h("span", { class: "value" }, value)));
  }));
  if (!turns.length) byId("answers").replaceWith(h("p", { class: "empty" }, data.recordings.length ? "The caller said nothing that waited for an answer." : "Nothing was recorded, so nothing could be measured."));
}
