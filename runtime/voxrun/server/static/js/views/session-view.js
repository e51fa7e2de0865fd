/** The line over the session: which one is shown, how it goes, and its files. */

import { byId, copyText, h, setText } from "../dom.js";
import { clock } from "../format.js";

/**
 * @param {any} store
 * @param {(id: string) => void} choose
 * @param {(sentence: string) => void} announce
 * @returns {{tick: (ms: number | null, files: {name: string, url: string}[]) => void}} of the shown session
 */
export function connectSession(store, choose, announce) {
  const select = byId("session-select");
  const choice = byId("session-choice");
  const state = byId("session-state");
  const links = byId("session-links");
  select.addEventListener("change", () => choose(select.value));

  /** @type {{name: string, url: string}[]} */
  let recorded = [];
  const drawLinks = () => {
    const session = store.get().sessions.find((each) => each.id === store.get().shown);
    links.replaceChildren(...(session ? fileLinks(session, recorded, announce) : []));
  };
  store.watch((all) => [all.sessions, all.shown], (sessions, shown) => {
    choice.hidden = sessions.length < 2;
    select.replaceChildren(...[...sessions].reverse().map((session) =>
      h("option", { value: session.id, selected: session.id === shown }, sessionName(session))));
    select.value = shown;
    drawLinks();
  });

  return {
    /** @param {number | null} ms @param {{name: string, url: string}[]} files its recordings so far */
    tick(ms, files) {
      if (files.length !== recorded.length) {
        recorded = [...files];
        drawLinks();
      }
      const { sessions, shown } = store.get();
      const session = sessions.find((each) => each.id === shown);
      state.dataset.state = session?.state ?? "";
      setText(state, session ? stateText(session, ms) : "None yet");
    },
  };
}

function sessionName({ id, state, since }) {
  const time = since ? new Date(since).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" }) : "Earlier";
  return `${time} · ${state === "ended" ? "ended" : "running"} · ${String(id).slice(0, 8)}`;
}

function stateText({ state, reason }, ms) {
  const time = ms === null ? "" : ` ${clock(ms)}`;
  if (state === "unknown") return `Not connected${time && `, last seen at${time}`}`;
  if (state === "terminating" || state === "terminated") return `Ending${time}`;
  if (state === "ended") return `Ended${time && ` after${time}`}${reason ? `: ${reason}` : ""}`;
  return `Running${time}`;
}

/**
 * What the server tells of a session's folder: ``folder`` (a path on its machine) and ``files``, a list of
 * {name, url}. Both may be missing; recordings are also known from the journal.
 */
function fileLinks({ folder, files }, recorded, announce) {
  const links = [...(Array.isArray(files) ? files : []), ...recorded]
    .filter((file) => file?.name && isWeb(file.url))
    .map(({ name, url }) => h("a", { href: url, target: "_blank", rel: "noopener" }, name));
  if (folder) {
    const copy = h("button", { type: "button", class: "quiet", title: folder }, "Copy folder path");
    copy.addEventListener("click", async () => {
      announce((await copyText(folder)) ? "Folder path copied." : `The folder is ${folder}`);
    });
    links.push(copy);
  }
  return links;
}

/** Only http(s) addresses become links; the path alone is enough. */
function isWeb(url) {
  try {
    return /^https?:$/.test(new URL(url, location.href).protocol);
  } catch {
    return false;
  }
}
