/** The header: what runs, with which voice AI, and whether the server is there. */

import { byId, h, setText } from "../dom.js";

export function connectHeader(store) {
  const running = byId("running");
  const ai = byId("ai");
  store.watch((state) => [state.welcome], (welcome) => {
    const names = welcome?.scenarios ?? [];
    running.replaceChildren(...names.map((name) => h("code", {}, name)));
    ai.hidden = !welcome?.ai;
    const line = (welcome?.ai ?? "").replace(/^voice ai:\s*/i, "");
    setText(ai, line);
    ai.title = line;
    document.title = names.length ? `${names.join(", ")} – voxrun` : "voxrun";
  });

  const box = byId("link-state");
  const text = box.querySelector(".text");
  store.watch((state) => [state.link], (link) => {
    box.dataset.state = link;
    setText(text, { connecting: "Connecting", online: "Connected", offline: "Not connected" }[link]);
  });
}

/** The page's title asks for attention while a call comes in. */
export function connectTitle(store) {
  let before = "";
  store.watch((state) => [state.calls.find((call) => call.phase === "incoming")], (incoming) => {
    if (incoming) {
      before ||= document.title;
      document.title = `Incoming call: ${incoming.party}`;
    } else if (before) {
      document.title = before;
      before = "";
    }
  });
}
