/** "Start session": run the scenario without a call, with custom data, as often as wanted. */

import { byId, setText } from "../dom.js";
import { recall, remember } from "../memory.js";

/**
 * @param {any} store
 * @param {(message: object) => boolean} send
 * @returns {{started: () => void, refused: (message: string) => void}} what the server said to it
 */
export function connectStart(store, send) {
  const form = byId("start");
  const data = byId("custom-data");
  const result = byId("start-result");
  const button = byId("start-button");
  data.value = new URLSearchParams(location.search).get("start") ?? recall("custom-data");

  data.addEventListener("input", () => setText(result, jsonRemark(data.value)));
  data.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    remember("custom-data", data.value);
    result.dataset.bad = "false";
    setText(result, "Starting…");
    if (!send({ type: "start", customData: data.value })) setText(result, "voxrun does not answer.");
  });
  store.watch((state) => [state.link], (link) => {
    button.disabled = link !== "online";
  });

  let count = 0;
  return {
    started() {
      count += 1;
      setText(result, count === 1 ? "Started." : `Started (${count} times).`);
    },
    refused(message) {
      result.dataset.bad = "true";
      setText(result, message);
    },
  };
}

/** Custom data is any text; most is JSON, and a slip in it is worth a word before it is sent. */
function jsonRemark(text) {
  if (!/^\s*[{[]/.test(text)) return "";
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return `Looks like JSON but is not: ${error.message}`;
  }
}
