/** What the page knows, in one frozen object. Views watch a part of it and draw when that part changes. */

/**
 * @template {object} S
 * @param {S} initial
 */
export function createStore(initial) {
  let state = Object.freeze({ ...initial });
  /** @type {Set<() => void>} */
  const watchers = new Set();
  return {
    /** @returns {S} */
    get: () => state,

    /** Put new values in. @param {Partial<S>} patch */
    set(patch) {
      state = Object.freeze({ ...state, ...patch });
      for (const watcher of [...watchers]) watcher();
    },

    /**
     * Run ``draw`` now and whenever one of the picked values becomes another.
     * @param {(state: S) => any[]} pick
     * @param {(...values: any[]) => void} draw
     */
    watch(pick, draw) {
      let last = pick(state);
      draw(...last);
      watchers.add(() => {
        const next = pick(state);
        if (next.every((value, index) => Object.is(value, last[index]))) return;
        last = next;
        draw(...next);
      });
    },
  };
}
