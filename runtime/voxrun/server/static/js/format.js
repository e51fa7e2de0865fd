/** Times, sizes and values as people read them. Pure functions. */

/** @param {number} ms @returns {string} "0:07", "12:40", "1:02:03" */
export function clock(ms) {
  const total = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = String(total % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/** @param {number} ms @returns {string} "0:07.320": for lists where order matters */
export function preciseClock(ms) {
  const rest = String(Math.floor(Math.max(0, ms) % 1000)).padStart(3, "0");
  return `${clock(ms)}.${rest}`;
}

/** @param {number} ms @returns {string} "820 ms", "2.4 s" */
export function span(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** A value on one line, at most ``limit`` characters. @param {any} value */
export function brief(value, limit = 160) {
  if (value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}

/** A value over several lines; a string that holds JSON is opened up. @param {any} value */
export function pretty(value) {
  if (typeof value !== "string") return JSON.stringify(value, null, 2) ?? "";
  try {
    const inner = JSON.parse(value);
    return typeof inner === "object" && inner !== null ? JSON.stringify(inner, null, 2) : value;
  } catch {
    return value;
  }
}

/** @param {string} where "path/inbound.js:12:5" @returns {string} "inbound.js:12" */
export function position(where) {
  const match = /([^/\\:]+):(\d+)(?::\d+)?$/.exec(where ?? "");
  return match ? `${match[1]}:${match[2]}` : (where ?? "");
}

/** A dotted kind as it fits a list: the whole when short, else its last word. @param {string} kind */
export function shortKind(kind) {
  return kind.length <= 26 ? kind : lastWord(kind);
}

/** The part after the last dot. @param {string} kind */
export function lastWord(kind) {
  return kind.slice(kind.lastIndexOf(".") + 1);
}
