/** Small settings that outlive the page. Without storage everything works, it is only forgotten. */

const PREFIX = "voxrun.";

/** @param {string} name @param {string} fallback @returns {string} */
export function recall(name, fallback = "") {
  try {
    return localStorage.getItem(PREFIX + name) ?? fallback;
  } catch {
    return fallback;
  }
}

/** @param {string} name @param {string} value */
export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Storage is full or not allowed.
  }
}
