// Media units: whatever can send or take audio. The graph itself is Python's.
(function (V) {
  const { TypeError, WeakMap } = globalThis;
  const { objectCreate, setPrototypeOf } = V.prim;
  const uncurry = (method) => Function.prototype.call.bind(method);
  const get = uncurry(WeakMap.prototype.get);
  const set = uncurry(WeakMap.prototype.set);
  const define = Object.defineProperty;

  const ids = new WeakMap(); // unit -> its id
  const gates = new WeakMap(); // unit -> function that says why media is not possible now, or ""
  const earlies = new WeakMap(); // unit -> function: is it too early for its audio?

  const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

  // The id of a media unit, or a TypeError that names who wanted one.
  function unitId(unit, wanted) {
    const id = isObject(unit) ? get(ids, unit) : undefined;
    if (id !== undefined) return id;
    if (isObject(unit) && typeof unit.id === "function") {
      const named = unit.id();
      if (typeof named === "string" && V.lookup(named) === unit) return named;
    }
    throw new TypeError(wanted + " needs a media unit (a call, a player, an AI client...), got " + V.describe(unit));
  }

  function closedReason(unit) {
    const gate = isObject(unit) ? get(gates, unit) : undefined;
    return gate ? gate() : "";
  }

  // Files after this one learn what is connected: watcher(from, to, true) and, cut off again, false.
  const watchers = V.prim.list();
  V.watchMedia = (watcher) => {
    watchers[watchers.length] = watcher;
  };

  function tellWatchers(from, to, on) {
    for (let i = 0; i < watchers.length; i++) watchers[i](from, to, on);
  }

  function isEarly(unit) {
    const early = isObject(unit) ? get(earlies, unit) : undefined;
    return early ? early() : false;
  }

  function options(parameters) {
    if (!isObject(parameters)) return {};
    const { tag, encoding, customParameters } = parameters;
    return { tag, encoding, customParameters };
  }

  function connect(from, to, parameters, name) {
    const source = unitId(from, name);
    const target = unitId(to, name);
    const why = closedReason(from) || closedReason(to);
    if (why) {
      V.warn(name + " ignored: " + why);
      return;
    }
    const data = { to: target, options: options(parameters) };
    // Audio of an outgoing call begins with its early media or its answer: until then the link waits.
    if (isEarly(from) || isEarly(to)) data.early = true;
    V.command("media.connect", source, data);
    tellWatchers(from, to, true);
  }

  function disconnect(from, to, parameters, name) {
    V.command("media.disconnect", unitId(from, name), { to: unitId(to, name), options: options(parameters) });
    tellWatchers(from, to, false);
  }

  // Own, non-enumerable methods that work unbound (`setTimeout(call.hangup, 1000)`), so that
  // JSON.stringify of an event shows a unit as {}.
  function methods(target, table) {
    for (const name in table) {
      define(target, name, { value: table[name], writable: true, configurable: true, enumerable: false });
    }
    return target;
  }

  // `unit` gets sendMediaTo and stopMediaTo. `gate()` may say why media cannot flow at the moment, `early()`
  // that a link of the unit has to wait.
  V.mediaUnit = function (unit, id, gate, early) {
    if (id !== undefined) set(ids, unit, id);
    if (gate) set(gates, unit, gate);
    if (early) set(earlies, unit, early);
    return methods(unit, {
      __proto__: null,
      sendMediaTo(to, parameters) {
        connect(id === undefined ? this : unit, to, parameters, "sendMediaTo");
      },
      stopMediaTo(to, ...parameters) { // most units of the platform have one argument here
        disconnect(id === undefined ? this : unit, to, parameters[0], "stopMediaTo");
      },
    });
  };

  // A class that scenarios can name but not construct: its objects come from `factory`.
  V.classOf = function (name, factory, Base) {
    const Class = function () {
      throw new TypeError(name + " has no public constructor: use " + factory + "()");
    };
    define(Class, "name", { __proto__: null, value: name });
    if (Base) {
      setPrototypeOf(Class, Base);
      Class.prototype = objectCreate(Base.prototype, { constructor: { __proto__: null, value: Class, writable: true, configurable: true } });
    }
    return Class;
  };

  // Functions of VoxEngine that stand in files of their own; app.js makes them its members.
  V.engine = {};

  V.methods = methods;
  V.unitId = unitId;
  V.isObject = isObject;
  // Parameters in third place are not documented here; scenarios give them.
  V.sendMediaBetween = function (first, second, ...more) {
    connect(first, second, more[0], "VoxEngine.sendMediaBetween");
    connect(second, first, more[0], "VoxEngine.sendMediaBetween");
  };
  V.stopMediaBetween = function (first, second, ...more) {
    disconnect(first, second, more[0], "VoxEngine.stopMediaBetween");
    disconnect(second, first, more[0], "VoxEngine.stopMediaBetween");
  };
})
