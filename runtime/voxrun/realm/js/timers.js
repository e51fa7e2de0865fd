// setTimeout and setInterval. Time itself is Python's: a timer is a command out and an event back.
(function (V) {
  const { Number, Map, TypeError } = globalThis;
  const apply = Reflect.apply;
  const uncurry = (method) => Function.prototype.call.bind(method);
  const get = uncurry(Map.prototype.get);
  const set = uncurry(Map.prototype.set);
  const remove = uncurry(Map.prototype.delete);
  const size = uncurry(Object.getOwnPropertyDescriptor(Map.prototype, "size").get);
  const finite = Number.isFinite;
  const floor = Math.floor;

  const SHORTEST_INTERVAL = 100; // ms; smaller values become this
  const LONGEST = 2147483647;
  const timers = new Map();
  let last = 0;

  function milliseconds(delay, least) {
    const value = Number(delay);
    if (!finite(value) || value < least) return least;
    return value > LONGEST ? LONGEST : floor(value);
  }

  function start(callback, delay, args, repeat) {
    const most = V.boot.limits.timers;
    if (size(timers) >= most) {
      V.limit("timers", "a session may have " + most + " active timers (the platform's figure is 100)");
    }
    const id = ++last;
    set(timers, id, { callback, args, repeat, where: V.position() });
    V.command("timer.set", "" + id, { delay, repeat });
    return id;
  }

  function clear(id) {
    const number = Number(id);
    if (remove(timers, number)) V.command("timer.clear", "" + number, {});
  }

  V.on("@timer", (target) => {
    const id = Number(target);
    const timer = get(timers, id);
    if (!timer) return;
    if (!timer.repeat) remove(timers, id);
    const name = timer.repeat ? "setInterval" : "setTimeout";
    V.run(() => {
      if (typeof timer.callback !== "function") {
        throw new TypeError("the first argument of " + name + " is not a function but " + V.describe(timer.callback));
      }
      apply(timer.callback, undefined, timer.args);
    }, undefined, name, timer.where);
  });

  // For platform code: timers of its own that count like a scenario's.
  V.setTimeout = (callback, delay) => start(callback, milliseconds(delay, 0), [], false);
  V.clearTimeout = clear;

  V.expose("setTimeout", (callback, delay, ...args) => start(callback, milliseconds(delay, 0), args, false));
  V.expose("setInterval", (callback, delay, ...args) => start(callback, milliseconds(delay, SHORTEST_INTERVAL), args, true));
  V.expose("clearTimeout", clear);
  V.expose("clearInterval", clear);
})
