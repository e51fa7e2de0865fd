// The result in words, and the facts of the session.

function showSummary() {
  const { verdict } = data;
  const [first, ...rest] = verdict.text.split("\n");
  byId("title").textContent = data.title;
  byId("state").className = `state ${verdict.state}`;
  byId("state").textContent = verdict.heading;
  const plain = verdict.state !== "failed" && !verdict.reproduce && !data.notes.length;
  byId("sentences").textContent = [plain && first && sentence(first), ...data.sentences].filter(Boolean).join(" ");
  const card = byId("verdict");
  card.hidden = plain;
  card.classList.add(verdict.state);
  const missed = data.expectations.filter((each) => !each.met && each.at_ms !== null);
  if (first) card.append(theirs(first, "p", "what"));
  if (rest.some((line) => line.trim())) card.append(theirs(rest.join("\n"), "pre"));
  for (const each of missed.slice(0, 3)) card.append(missedNote(each));
  if (verdict.reproduce) card.append(h("p", { class: "reproduce" }, "To run it again: ", h("code", {}, verdict.reproduce)));
  for (const note of data.notes) card.append(theirs(note, "p", "note"));
  showFacts();
}

function sentence(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function missedNote(each) {
  return h("div", { class: "missed" },
    h("p", {}, h("button", { type: "button", class: "at", onclick: () => showMoment(each.at_ms) }, exactClock(each.at_ms)), "Not met: ", theirs(each.text, "strong"), each.where && h("span", { class: "where" }, ` ${each.where}`)),
    each.closest && h("p", { class: "closest" }, "Closest: ", theirs(each.closest), each.closest_ms !== null && ` at ${exactClock(each.closest_ms)}`));
}

const SHORT_CALL = 40000;

/** Go there with some seconds around it in view; a short call is in view as a whole. */
function showMoment(ms) {
  seek(ms, false);
  const wide = Math.min(state.to - state.from, length > SHORT_CALL ? 20000 : length);
  setView(ms - wide * 0.6, ms + wide * 0.4);
}

function showFacts() {
  const list = byId("facts");
  for (const [name, value] of data.facts) list.append(h("dt", {}, name), theirs(value, "dd"));
  if (data.recordings.length) list.append(h("dt", {}, "Recordings"), theirs(data.recordings.map((each) => each.name).join(", "), "dd"));
  if (data.files.length) list.append(h("dt", {}, "Other audio"), theirs(data.files.join(", "), "dd"));
}
