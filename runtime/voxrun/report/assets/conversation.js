// What was said, with tools, waits and expectations where they happened.

const spokenLines = [];

function startConversation() {
  const list = byId("conversation");
  const entries = [
    ...data.lines.map((line, index) => ({ t: line.t, order: index / 1e6, element: () => lineElement(line) })),
    ...data.turns.map((turn) => ({ t: answerLine(turn)?.t ?? turn.until, order: -1, element: () => waitElement(turn) })),
    ...data.expectations.filter((each) => each.at_ms !== null).map((each) => ({ t: each.at_ms, order: 3, element: () => checkElement(each) })),
  ].sort((a, b) => a.t - b.t || a.order - b.order);
  list.append(...entries.map((entry) => entry.element()));
  if (!entries.length) list.append(h("li", { class: "empty" }, "Nothing was said in this session."));
  watch("time", markLine);
}

function lineElement(line) {
  const words = h("div", { class: "words" });
  const element = h("li", { class: `line ${line.kind} ${line.who ?? ""} ${line.tone ?? ""}` }, at(line));
  FILL[line.kind](line, words, element);
  element.append(words);
  if (line.kind === "say") spokenLines.push({ line, element });
  return element;
}

function at(line) {
  return h("button", { type: "button", class: "at", title: exactClock(line.t), onclick: () => goTo(line.t, line.n) }, clock(line.t));
}

const NAMES = { caller: "Caller", agent: "Agent", scenario: "Scenario" };
const who = (name) => h("span", { class: "who" }, name);

const FILL = {
  say(line, words, element) {
    element.append(who(NAMES[line.who]));
    words.append(theirs(line.text ?? ""));
    if (line.unheard) words.append(" ", theirs(line.unheard, "s", "unheard"));
    if (line.cut) words.append(h("span", { class: "cut-mark" }, cutText(line)));
    if (line.medium === "text") words.append(h("span", { class: "medium" }, "written"));
  },
  tool(line, words, element) {
    element.append(who("Tool"));
    const answer = !line.answered ? "no answer" : line.failed ? "failed" : "";
    words.append(h("div", { class: "tool-call" },
      h("p", {}, theirs(line.text, "span", "name"), " ", h("span", { class: "took" }, line.answered ? duration(line.end - line.t) : ""), answer && h("span", { class: "failed" }, ` ${answer}`), line.where && h("span", { class: "where" }, `  ${position(line.where)}`)),
      line.arguments && theirs(line.arguments, "pre"),
      line.result && theirs(`→ ${line.result}`, "pre", line.failed ? "failed" : "")));
  },
  keys(line, words, element) {
    element.append(who(NAMES[line.who]));
    words.append(...[...line.text].map((digit) => theirs(digit, "kbd")));
  },
  message(line, words, element) {
    element.append(who(NAMES[line.who]));
    words.append(theirs(line.text ?? ""), h("span", { class: "medium" }, "message"));
  },
  note(line, words) {
    const [first, ...rest] = (line.text ?? "").split("\n");
    words.append(theirs(first));
    if (rest.length) words.append(theirs(rest.join("\n"), "pre"));
  },
};

function cutText(line) {
  const cut = data.interruptions.find((each) => each.at >= line.t && each.at <= line.end + 1500);
  return cut ? `interrupted, silent after ${duration(cut.stopped)}` : "interrupted";
}

/** The line that ended a wait: it is told right before it. */
function answerLine(turn) {
  return turn.answer === null ? undefined : data.lines.find((line) => line.kind === "say" && line.who !== "caller" && line.t >= turn.end);
}

function waitElement(turn) {
  const text = turn.answer === null ? `no answer for ${duration(turn.wait)}` : turn.wait < 0 ? "answered before the end" : `${duration(turn.wait)} to answer`;
  return h("li", { class: `line wait ${waitLook(turn)}` }, h("span"), h("span", { class: "words" }, text));
}

function checkElement(each) {
  return h("li", { class: `line check ${each.met ? "met" : "missed"}` },
    h("button", { type: "button", class: "at", onclick: () => showMoment(each.at_ms) }, clock(each.at_ms)),
    h("div", { class: "words" }, each.met ? "✓ " : "✗ ", theirs(each.text), each.closest && h("span", { class: "closest" }, "Closest: ", theirs(each.closest))));
}

let marked;

/** The line that is being said; while playing it stays in sight. */
function markLine() {
  const found = spokenLines.findLast(({ line }) => line.t <= state.time + 50);
  const now = state.time > 0 ? found?.element : undefined;
  if (now === marked) return;
  marked?.classList.remove("now");
  marked?.removeAttribute("aria-current");
  marked = now;
  if (!now) return;
  now.classList.add("now");
  now.setAttribute("aria-current", "true");
  const list = byId("conversation");
  const top = now.offsetTop - list.clientHeight / 3;
  const away = now.offsetTop < list.scrollTop || now.offsetTop + now.offsetHeight > list.scrollTop + list.clientHeight;
  if (away) list.scrollTop = top;
}
