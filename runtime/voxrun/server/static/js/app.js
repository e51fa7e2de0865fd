/** Puts the page together: the socket's messages go to the telephone and the sessions, those to the views. */

import { Audio } from "./audio.js";
import { byId, h, setText } from "./dom.js";
import { recall, remember } from "./memory.js";
import { Microphone } from "./microphone.js";
import { Phone } from "./phone.js";
import { microphoneProblem, serverProblem } from "./problems.js";
import { Sessions } from "./sessions.js";
import { Signalling, signallingUrl } from "./signalling.js";
import { createStore } from "./store.js";
import { connectTheme } from "./theme.js";
import { ActivityView } from "./views/activity-view.js";
import { connectCall } from "./views/call-view.js";
import { ConversationView } from "./views/conversation-view.js";
import { connectDial } from "./views/dial-view.js";
import { connectHeader, connectTitle } from "./views/header-view.js";
import { connectIncoming } from "./views/incoming-view.js";
import { connectKeypad } from "./views/keypad-view.js";
import { connectMicrophone } from "./views/microphone-view.js";
import { Notices } from "./views/notices-view.js";
import { connectSession } from "./views/session-view.js";
import { connectStart } from "./views/start-view.js";
import { TimelineView } from "./views/timeline-view.js";

const LEVEL_EVERY = 60;
const CLOCK_EVERY = 250;

const store = createStore({
  link: "connecting",
  welcome: null,
  calls: [],
  selected: "",
  lastEnd: null,
  soundBlocked: false,
  devices: [],
  sessions: [],
  shown: "",
});
const announce = (sentence) => setText(byId("announcer"), sentence);
const notices = new Notices(byId("notices"));
const audio = new Audio();
const microphone = new Microphone(audio, (devices) => store.set({ devices }));
const link = new Signalling(signallingUrl(location), receive, linkChanged);
const send = (message) => link.send(message);
const phone = new Phone({ store, send, microphone, audio, speakers: byId("sound"), onMicrophone: callNeedsMicrophone });
const sessions = new Sessions(store, send);

// --- views ------------------------------------------------------------------------------------

connectTheme(byId("theme"), byId("theme-name"));
connectHeader(store);
connectTitle(store);
const dial = connectDial(store, phone);
const call = connectCall(store, phone, dial.focus);
connectIncoming(store, phone, (sentence) => setText(byId("alarm"), sentence));
const keypad = connectKeypad({ pad: byId("keypad"), toggle: byId("keypad-toggle") }, press);
store.watch((state) => [state.calls.some((each) => each.phase !== "incoming")], (busy) => {
  document.body.classList.toggle("in-call", busy);
  keypad.fit(busy);
});
const meter = connectMicrophone(store, { microphone, phone, audio, onProblem: testNeedsMicrophone });
const start = connectStart(store, send);
const session = connectSession(store, (id) => sessions.show(id), announce);
const conversation = new ConversationView();
const activity = new ActivityView(announce);
const timeline = new TimelineView((n) => activity.reveal(n));

store.watch((state) => [state.shown, state.welcome], () => {
  const journal = sessions.journal;
  const own = sessions.isOwn(store.get().shown);
  conversation.show(journal, own, emptyConversation());
  activity.show(journal);
  timeline.show(journal, own);
});
store.watch((state) => [state.lastEnd], (end) => end && announce(end.sentence));
store.watch((state) => [state.soundBlocked], (blocked) => {
  if (!blocked) return;
  notices.show(
    { id: "sound", level: "warning", title: "The browser holds the sound back.", advice: "It wants you to ask for it." },
    [{ label: "Play sound", act: playSound }]);
});

function emptyConversation() {
  const name = store.get().welcome?.scenarios?.[0] ?? "the scenario";
  return h("div", { class: "empty" },
    h("p", { class: "empty-title" }, "Nobody has spoken yet"),
    h("p", {}, "Press ", h("strong", {}, "Call"), " to talk to ", h("code", {}, name), "."),
    h("p", {}, "For an outbound scenario, start a session: it calls this page."));
}

// --- what the person does ---------------------------------------------------------------------

/** A key: to the call that is up, else into the number. */
function press(key) {
  const { calls, selected } = store.get();
  if (calls.some((each) => each.id === selected && each.phase !== "incoming")) void phone.press(selected, key);
  else dial.type(key);
}

function register() {
  const user = byId("user").value.trim();
  send({ type: "register", user: user || "*", displayName: byId("display-name").value.trim() });
}

byId("user").addEventListener("change", () => {
  remember("user", byId("user").value);
  register();
});

const ringSound = byId("ring-sound");
ringSound.checked = recall("ring-sound", "on") === "on";
audio.aloud = ringSound.checked;
ringSound.addEventListener("change", () => {
  audio.aloud = ringSound.checked;
  remember("ring-sound", ringSound.checked ? "on" : "off");
});

function playSound() {
  store.set({ soundBlocked: false });
  void audio.context;
  for (const speaker of byId("sound").querySelectorAll("audio")) void speaker.play();
}

// --- what is in the way -----------------------------------------------------------------------

function callNeedsMicrophone(code, again) {
  notices.show(microphoneProblem(code), [
    { label: "Try again", act: () => again(false) },
    { label: "Call without a microphone", act: () => again(true) },
  ]);
}

function testNeedsMicrophone(code, again) {
  notices.show(microphoneProblem(code), [{ label: "Try again", act: again }]);
}

function linkChanged(state, { everOnline }) {
  // While it tries again and again, the state stays "not connected": a flicker tells nobody anything.
  if (state === "connecting" && store.get().link === "offline") return;
  store.set({ link: state });
  if (state === "online") notices.close("server");
  if (state !== "offline") return;
  phone.lost();
  sessions.lost();
  needDraw = true;
  notices.show(serverProblem(everOnline), [{ label: "Try now", act: () => link.hurry() }]);
}

// --- what the server says ---------------------------------------------------------------------

function receive(message) {
  if (message.type === "trying") sessions.joined(message.session, true);
  if (message.type === "incoming") sessions.joined(message.session, store.get().calls.length === 0);
  if (phone.receive(message)) return;
  switch (message.type) {
    case "welcome":
      store.set({ welcome: message });
      sessions.welcome(message.sessions ?? []);
      register();
      break;
    case "started":
      start.started();
      sessions.show(message.session);
      break;
    case "session":
      sessions.changed(message);
      break;
    case "record":
      sessions.record(message.session, message.record);
      needDraw = true;
      break;
    case "error":
      refused(message);
      break;
    default:
    // registered, pong, dtmf, info, message: the journal shows what is worth seeing of them.
  }
}

function refused({ message, re }) {
  if (re === "start") {
    start.refused(message);
    return;
  }
  const title = re === "watch" ? "Some lines are missing here." : "voxrun did not accept that.";
  notices.show({ id: `refused-${re ?? ""}`, level: "warning", title, advice: message ?? "" });
}

// --- drawing ----------------------------------------------------------------------------------

let needDraw = false;

/** Many records may come at once: draw once a frame. */
function frame() {
  if (needDraw) {
    needDraw = false;
    const now = performance.now();
    conversation.draw(sessions.journal?.time(now) ?? 0);
    activity.draw();
    timeline.draw(now);
  }
  requestAnimationFrame(frame);
}
requestAnimationFrame(frame);

setInterval(() => {
  const levels = phone.levels();
  meter.level(levels ? levels.sent : meter.testLevel());
  const journal = sessions.journal;
  if (!levels || !journal?.begun || journal.over || !sessions.isOwn(journal.id)) return;
  journal.course.level(journal.time(performance.now()), levels.sent, levels.heard);
}, LEVEL_EVERY);

setInterval(() => {
  const journal = sessions.journal;
  const now = performance.now();
  call.tick();
  session.tick(journal ? journal.time(now) : null, journal?.files ?? []);
  if (journal && !journal.over) timeline.draw(now);
}, CLOCK_EVERY);

window.addEventListener("pagehide", () => phone.lost());
if (!window.isSecureContext) notices.show(microphoneProblem("insecure"));
void microphone.listDevices();
link.open();
