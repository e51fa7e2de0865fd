/** The choice of the microphone, its level, and the test. */

import { byId, h, setText } from "../dom.js";
import { recall, remember } from "../memory.js";
import { MicrophoneError } from "../microphone.js";

/**
 * @param {any} store
 * @param {object} parts
 * @param {import("../microphone.js").Microphone} parts.microphone
 * @param {import("../phone.js").Phone} parts.phone
 * @param {import("../audio.js").Audio} parts.audio
 * @param {(code: string, again: () => void) => void} parts.onProblem
 * @returns {{level: (value: number | null) => void, testLevel: () => number | null}}
 */
export function connectMicrophone(store, { microphone, phone, audio, onProblem }) {
  const choice = byId("mic-device");
  const test = byId("mic-test");
  const hint = byId("mic-hint");
  const processing = byId("voice-processing");
  /** @type {import("../audio.js").LevelMeter | null} */
  let meter = null;

  microphone.deviceId = recall("microphone");
  processing.checked = new URLSearchParams(location.search).get("processing") !== "off" && recall("processing", "on") === "on";
  microphone.processing = processing.checked;

  const reopen = async () => {
    try {
      const stream = await microphone.reopen();
      if (!stream) return;
      await phone.useStream(stream);
      if (meter) restart(stream);
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      onProblem(error.code, () => void reopen());
    }
  };
  const restart = (stream) => {
    meter?.close();
    meter = audio.meter(stream);
  };

  choice.addEventListener("change", () => {
    microphone.deviceId = choice.value;
    remember("microphone", choice.value);
    void reopen();
  });
  processing.addEventListener("change", () => {
    microphone.processing = processing.checked;
    remember("processing", processing.checked ? "on" : "off");
    void reopen();
  });
  test.addEventListener("click", () => void (meter ? stopTest() : startTest()));

  async function startTest() {
    try {
      restart(await microphone.acquire());
      test.setAttribute("aria-pressed", "true");
      setText(test, "Stop");
      setText(hint, "Speak: the bar should move.");
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      onProblem(error.code, () => void startTest());
    }
  }

  function stopTest() {
    meter?.close();
    meter = null;
    microphone.release();
    test.setAttribute("aria-pressed", "false");
    setText(test, "Test");
    setText(hint, idleHint(store.get().devices));
  }

  store.watch((state) => [state.devices], (devices) => {
    const chosen = microphone.deviceId;
    choice.replaceChildren(
      h("option", { value: "" }, "System default"),
      ...devices.map(({ id, label }) => h("option", { value: id }, label)));
    choice.value = devices.some(({ id }) => id === chosen) ? chosen : "";
    if (!meter) setText(hint, idleHint(devices));
  });

  return { level: levelDrawer(byId("mic-level")), testLevel: () => meter?.read() ?? null };
}

function idleHint(devices) {
  if (!window.isSecureContext) return "Not available on plain http from another machine.";
  return devices.length ? "" : "The browser asks for the microphone when you call.";
}

/** @param {HTMLElement} box with role meter @returns {(value: number | null) => void} 0 to 1, null: not in use */
function levelDrawer(box) {
  const bar = box.querySelector(".value");
  let drawn = -1;
  return (value) => {
    const percent = Math.round((value ?? 0) * 100);
    if (percent === drawn) return;
    drawn = percent;
    bar.setAttribute("width", String(percent));
    bar.classList.toggle("hot", percent > 92);
    box.setAttribute("aria-valuenow", String(percent));
  };
}
