// Playing recordings. Several calls are several recordings; one is heard at a time.

const heardHere = data.recordings.map((recording, index) => ({ ...recording, index })).filter((each) => each.audio);
let current = heardHere[0];
/** @type {Map<number, HTMLAudioElement>} */
const players = new Map();

const PLAY = "M7 4.5v15a1 1 0 0 0 1.5.86l12.5-7.5a1 1 0 0 0 0-1.72L8.5 3.64A1 1 0 0 0 7 4.5z";
const PAUSE = "M6 4h4v16H6zM14 4h4v16h-4z";

function audioOf(recording) {
  let audio = players.get(recording.index);
  if (!audio) {
    const holder = byId(`audio-${recording.index}`);
    const url = URL.createObjectURL(new Blob([bytes(holder.textContent)], { type: "audio/webm; codecs=opus" }));
    holder.remove();
    audio = new Audio(url);
    audio.preload = "auto";
    audio.addEventListener("ended", () => ended(recording));
    audio.addEventListener("error", () => {
      pause();
      byId("now").textContent = "This browser cannot play it";
    });
    players.set(recording.index, audio);
  }
  return audio;
}

const covers = (recording, ms) => ms >= recording.at && ms < recording.at + recording.length - 30;

/** What can be heard at a moment: the chosen recording, another one, or the next to begin. */
function audible(ms) {
  if (current && covers(current, ms)) return current;
  return heardHere.find((each) => covers(each, ms)) ?? heardHere.find((each) => each.at >= ms);
}

function play() {
  const recording = audible(state.time) ?? (setTime(heardHere[0].at), heardHere[0]);
  choose(recording);
  if (!covers(recording, state.time)) setTime(recording.at);
  const audio = audioOf(recording);
  audio.currentTime = (state.time - recording.at) / 1000;
  audio.playbackRate = Number(byId("speed").value);
  state.playing = true;
  changed("playing");
  audio.play().then(tick, pause);
}

function pause() {
  state.playing = false;
  for (const audio of players.values()) audio.pause();
  changed("playing");
}

function ended(recording) {
  if (!state.playing || recording !== current) return;
  setTime(recording.at + recording.length);
  const next = heardHere.find((each) => covers(each, state.time)) ?? heardHere.find((each) => each.at >= state.time);
  if (next) play();
  else pause();
}

function tick() {
  if (!state.playing) return;
  const audio = audioOf(current);
  if (!audio.seeking) setTime(current.at + audio.currentTime * 1000);
  requestAnimationFrame(tick);
}

function choose(recording) {
  if (recording !== current) players.get(current.index)?.pause();
  current = recording;
  byId("recording").value = String(recording.index);
}

/** Go to a moment, and on playing from there. */
function seek(ms, follow = true) {
  setTime(ms, follow);
  if (!state.playing) return;
  if (!audible(state.time)) pause();
  else if (current === audible(state.time) && covers(current, state.time)) audioOf(current).currentTime = (state.time - current.at) / 1000;
  else play();
}

function toggle() {
  if (!heardHere.length) return;
  if (state.playing) pause();
  else play();
}

function showPlayer() {
  const button = byId("play");
  const none = !heardHere.length;
  const label = none ? "There is no recording to play" : state.playing ? "Pause" : "Play";
  button.replaceChildren(icon(state.playing ? PAUSE : PLAY));
  button.setAttribute("aria-label", label);
  button.title = label;
  button.setAttribute("aria-disabled", String(none));
  byId("speed").hidden = none;
}

function showClock() {
  byId("now").textContent = exactClock(state.time).slice(0, -2);
}

function startPlayer() {
  byId("length").textContent = `/ ${clock(length)}`;
  const select = byId("recording");
  for (const each of heardHere) select.append(h("option", { value: each.index }, each.person === "Caller" ? "Caller's call" : each.person));
  select.hidden = heardHere.length < 2;
  select.addEventListener("change", () => {
    const was = state.playing;
    pause();
    choose(heardHere.find((each) => each.index === Number(select.value)));
    if (!covers(current, state.time)) setTime(current.at);
    if (was) play();
  });
  byId("speed").addEventListener("change", () => { for (const audio of players.values()) audio.playbackRate = Number(byId("speed").value); });
  byId("play").addEventListener("click", toggle);
  watch("playing", showPlayer);
  watch("time", showClock);
  showPlayer();
  showClock();
}
