// Times as people read them.

/** @param {number} ms @returns {string} "0:07", "1:02:03" */
function clock(ms) {
  const total = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = String(total % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/** @param {number} ms @returns {string} "0:07.320" */
function exactClock(ms) {
  return `${clock(ms)}.${String(Math.floor(Math.max(0, ms) % 1000)).padStart(3, "0")}`;
}

/** @param {number} ms @returns {string} "820 ms", "2.4 s" */
function duration(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10000 ? 2 : 1)} s`;
}

/** @param {string} where "path/inbound.js:12:5" @returns {string} "inbound.js:12" */
function position(where) {
  const match = /([^/\\:]+):(\d+)(?::\d+)?$/.exec(where ?? "");
  return match ? `${match[1]}:${match[2]}` : (where ?? "");
}

function several(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}
