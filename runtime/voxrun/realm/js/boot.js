// The ground floor of a realm. The value of this script is the object {V, hooks}: Python keeps the hooks, hands V to
// every API file, and nothing of it is reachable from a global. The other files of the ground complete V.
//
// A scenario may overwrite any built-in, so this file (and every API file) works with the intrinsics
// captured in V.prim (intrinsics.js), walks lists by index, and keeps its tables in objects without a prototype.
// Nothing here may read the boot data while it is evaluated: a realm is made ahead of its session.
(function (config, prim) {
  "use strict";

  const NativeError = Error;
  const indirectEval = eval;
  const globalObject = globalThis;
  const { stringIndexOf, stringSlice, stringCharCodeAt, defineProperty, JSONparse, JSONstringify } = prim;
  const { list, reflectApply, objectKeys, errorStack } = prim;

  // An engine setting that belongs to no platform: set here, taken away in language.js.
  NativeError.stackTraceLimit = config.stackFrames;

  function hidden(target, name, value) {
    defineProperty(target, name, {
      __proto__: null, value: value, writable: true, configurable: true, enumerable: false,
    });
  }

  // ---------------------------------------------------------------- V
  const boot = { __proto__: null };
  const V = { __proto__: null, prim: prim, hidden: hidden, knownModules: { __proto__: null } };
  let started = false;
  defineProperty(V, "boot", { __proto__: null, enumerable: true, get() {
    if (!started) throw new NativeError("V.boot is empty while API files are evaluated: use V.onBoot(fn)");
    return boot;
  } });

  let now = 0;
  V.now = function () { return now; };

  // ---------------------------------------------------------------- scenario positions
  // Where scenario scripts have a name of their own in stacks (config.marker), the first one is the place.
  // Where the engine names every script "<input>", the line number tells them from platform files, which
  // come first.
  // A function of the scenario may be named like a place: what is none is passed over.
  const MAX_PLACE = 20;

  function isPlace(text) { // "line" or "line:column"
    if (text.length === 0 || text.length > MAX_PLACE) return false;
    for (let i = 0; i < text.length; i++) {
      const code = stringCharCodeAt(text, i);
      if (code < 48 || code > 58) return false; // 0 to 9 and the colon after them
    }
    return true;
  }

  function scenarioPosition(stack) {
    const marker = config.marker;
    let at = stringIndexOf(stack, marker);
    while (at >= 0) {
      let end = stringIndexOf(stack, "\n", at);
      if (end < 0) end = stack.length;
      if (stringCharCodeAt(stack, end - 1) === 41) end--;
      const place = stringSlice(stack, at + marker.length, end);
      const ours = marker !== "<input>:" || prim.parseInt(place, 10) >= config.scenarioLine;
      if (ours && isPlace(place)) return place;
      at = stringIndexOf(stack, marker, at + marker.length);
    }
    return "";
  }

  V.position = function () { return scenarioPosition(errorStack(new NativeError())); };

  // ---------------------------------------------------------------- commands
  let commands = list();

  V.command = function (kind, target, data) {
    // Serialised at once: the scenario may change its objects later, and what cannot be sent fails here.
    const body = data === undefined ? "{}" : JSONstringify(data);
    const where = scenarioPosition(errorStack(new NativeError()));
    const to = target === "" ? "\"\"" : JSONstringify("" + target);
    commands[commands.length] = "[\"" + kind + "\"," + to + "," + body + ",\"" + where + "\"]";
  };

  V.log = function (level, text) {
    V.command("log", "", { __proto__: null, level: level, text: text });
  };

  // ---------------------------------------------------------------- objects by id
  const objects = { __proto__: null };
  V.register = function (id, object) { objects[id] = object; return object; };
  V.lookup = function (id) { return objects[id]; };
  V.forget = function (id) { delete objects[id]; };

  function live(value) {
    if (typeof value !== "object" || value === null || !prim.hasOwn(value, "$ref")) return value;
    return objects[value.$ref];
  }

  // ---------------------------------------------------------------- describing values
  const MAX_TEXT = 16384;

  function clip(text) {
    return text.length > MAX_TEXT ? stringSlice(text, 0, MAX_TEXT) + "..." : text;
  }

  function textOf(value, key) { // a property as text, "" when it cannot be read
    try {
      const got = value[key];
      return typeof got === "string" ? got : got === undefined || got === null ? "" : "" + got;
    } catch { return ""; }
  }

  function isError(value) { return value instanceof NativeError; }

  V.describe = function (value) {
    try {
      if (typeof value === "string") return value;
      if (typeof value === "symbol") return prim.String(value);
      if (typeof value !== "object" || value === null) return typeof value === "function" ?
        prim.functionToString(value) : "" + value;
      if (isError(value)) {
        const name = textOf(value, "name") || "Error", message = textOf(value, "message");
        return message === "" ? name : name + ": " + message;
      }
      const text = JSONstringify(value);
      return typeof text === "string" ? text : prim.objectToString(value);
    } catch {
      try { return prim.objectToString(value); } catch { return "[object]"; }
    }
  };

  // ---------------------------------------------------------------- failures
  const ABORT = { __proto__: null };   // thrown through our own frames after a failure was noted
  const limitErrors = new prim.WeakSet();
  let failure = null;                  // what ends the session
  let survived = list();               // with keepGoing: what was reported and survived
  let handling = { __proto__: null, event: "", where: "" };

  function kindOf(error) {
    if (typeof error !== "object" || error === null) return "exception";
    if (prim.weakSetHas(limitErrors, error)) return "limit";
    const message = textOf(error, "message");
    if (message === "out of memory" || message === "string too long") return "memory";
    if (message === "Maximum call stack size exceeded" || message === "stack overflow") return "stack";
    return "exception";
  }

  function report(error, kind) {
    return {
      __proto__: null, kind: kind || kindOf(error),
      thrown: isError(error) ? "" : typeof error,
      text: clip(V.describe(error)),
      stack: isError(error) ? clip(textOf(error, "stack")) : "",
      event: handling.event, listener: handling.where,
    };
  }

  function fail(error, kind) { // ends the session, or with keepGoing is noted; tells which
    const entry = report(error, kind);
    if (boot.keepGoing && entry.kind !== "memory") {
      survived[survived.length] = entry;
      return false;
    }
    if (failure === null) failure = entry;
    return true;
  }

  V.fail = function (error) { if (fail(error)) throw ABORT; };

  V.limit = function (name, message) {
    const error = new NativeError(message);
    hidden(error, "name", "LimitError");
    hidden(error, "limit", name);
    prim.weakSetAdd(limitErrors, error);
    throw error;
  };

  V.notBuilt = function (object, name, label) { // label: the name with its owner, "call.transferTo"
    hidden(object, name, function () {
      throw new NativeError((label || name) + "() is part of the platform, but voxrun does not have it yet");
    });
  };

  // ---------------------------------------------------------------- callbacks of the scenario
  // Runs one callback of the scenario; what it throws ends the session or is survived.
  V.run = function (callback, argument, event, where) {
    const before = handling;
    handling = { __proto__: null, event: event || before.event, where: where || "" };
    try {
      if (typeof callback !== "function") {
        throw new prim.TypeError("the listener of " + handling.event + " is not a function but "
          + clip(V.describe(callback)));
      }
      return reflectApply(callback, undefined, argument === undefined ? [] : [argument]);
    } catch (error) {
      if (error === ABORT) throw error;
      if (fail(error)) throw ABORT;
      return undefined;
    } finally {
      handling = before;
    }
  };

  // ---------------------------------------------------------------- events
  const handlers = { __proto__: null };
  V.on = function (kind, fn) { handlers[kind] = fn; };

  let deliver = function (kind, target, data) {
    const object = objects[target];
    if (object === undefined) return;
    const event = { name: kind };
    const fields = typeof object.$fields === "function" ? object.$fields() : undefined;
    if (fields) copyFields(event, fields);
    copyFields(event, data);
    V.dispatch(object, kind, event);
  };

  function copyFields(into, from) {
    const keys = objectKeys(from);
    for (let i = 0; i < keys.length; i++) {
      defineProperty(into, keys[i], {
        __proto__: null, value: from[keys[i]], writable: true, configurable: true, enumerable: true,
      });
    }
  }

  V.copyFields = copyFields;
  V.deliver = function (kind, target, data) { return deliver(kind, target, data); };
  V.setDeliver = function (fn) { deliver = fn; };

  // ---------------------------------------------------------------- globals and modules
  V.expose = function (name, value) { hidden(globalObject, name, value); return value; };
  V.namespace = function (moduleId, name, value) { return V.expose(name, value); };

  const sources = { __proto__: null };   // module id -> {source, line}
  const loaded = { __proto__: null };

  V.loadModule = function (id) {
    if (loaded[id]) return true;
    const module = sources[id];
    if (module === undefined) return false;
    loaded[id] = true;
    indirectEval(prim.stringRepeat("\n", module.line - 1) + module.source)(V);
    return true;
  };

  V.expose("require", function require(module) {
    if (module === undefined || module === null) throw new NativeError("empty module argument");
    const id = typeof module === "string" ? module : V.describe(module);
    if (V.loadModule(id)) return;
    if (V.knownModules[id]) {
      throw new NativeError("require: the module " + JSONstringify(id)
        + " is part of the platform, but voxrun does not have it yet");
    }
    throw new NativeError("require: there is no module " + JSONstringify(id));
  });

  const starters = list();
  V.onBoot = function (fn) { starters[starters.length] = fn; };

  // ---------------------------------------------------------------- rejections
  let rejected = list();

  function noteRejection(promise, reason, handled) {
    if (!handled) {
      rejected[rejected.length] = {
        __proto__: null, promise: promise, reason: reason, event: handling.event, where: handling.where,
      };
      return;
    }
    const kept = list();
    for (let i = 0; i < rejected.length; i++) {
      if (rejected[i].promise !== promise) kept[kept.length] = rejected[i];
    }
    rejected = kept;
  }

  // An async function that the engine cut off rejects its promise instead of ending the turn.
  function interruptedStack() {
    for (let i = 0; i < rejected.length; i++) {
      if (textOf(rejected[i].reason, "message") === "interrupted") return textOf(rejected[i].reason, "stack");
    }
    return "";
  }

  function settleRejections() {
    const all = rejected;
    rejected = list();
    for (let i = 0; i < all.length; i++) {
      if (all[i].reason === ABORT) continue;
      handling = { __proto__: null, event: all[i].event, where: all[i].where };
      const kind = kindOf(all[i].reason);
      fail(all[i].reason, kind === "exception" ? "rejection" : kind);
    }
    handling = { __proto__: null, event: "", where: "" };
  }

  // ---------------------------------------------------------------- what Python calls
  function guarded(work) { // true when the session must end
    try {
      work();
    } catch (error) {
      if (error !== ABORT) fail(error);
    }
    return failure !== null;
  }

  const CLEAN_END = "],\"f\":null,\"s\":[],\"i\":\"\",\"h\":\"\"}"; // as turntext.py knows it

  const hooks = {
    __proto__: null,

    start(json) {
      return guarded(function () {
        const data = JSONparse(json);
        V.seed(data.random, data.idSeed);
        now = data.startMs;
        copyFields(boot, data.boot);
        started = true;
        for (let i = 0; i < starters.length; i++) starters[i]();
      });
    },

    turn(json) {
      return guarded(function () {
        const event = JSONparse(json), data = event.d;
        now = event.t;
        const keys = objectKeys(data);
        for (let i = 0; i < keys.length; i++) {
          const value = data[keys[i]];
          if (typeof value === "object" && value !== null) {
            const found = live(value);
            if (found !== value) copyFields(data, { __proto__: null, [keys[i]]: found });
          }
        }
        handling = { __proto__: null, event: event.k, where: "" };
        const handler = handlers[event.k];
        if (handler !== undefined) handler(event.i, data);
        else deliver(event.k, event.i, data);
      });
    },

    // A script of the scenario threw: note it. The value itself was caught outside.
    thrown(error) { fail(error); },

    failed() { return failure !== null; },

    rejection: noteRejection,

    // Commands so far; `settle` when the microtask queue is empty: only now are rejections unhandled.
    drain(settle) {
      const handled = settle ? "" : [handling.event, handling.where];
      if (settle) settleRejections();
      const stack = settle ? "" : interruptedStack();
      const issued = commands.length === 0 ? "" : prim.arrayJoin(commands, ",");
      const text = settle && failure === null && survived.length === 0
        ? flat("{\"c\":[", issued, CLEAN_END)
        : flat("{\"c\":[", issued, "],\"f\":", JSONstringify(failure), ",\"s\":", reports(survived),
          ",\"i\":", JSONstringify(stack), ",\"h\":", JSONstringify(handled), "}");
      commands = list(); // only now: there may have been no memory for the text
      failure = null;
      survived = list();
      handling = { __proto__: null, event: "", where: "" };
      return text;
    },

    listeners() { return reports(V.listeners()); },
  };

  // The binding knows no ropes (what "+" makes of long strings): join gives a flat string.
  function flat(...parts) {
    return prim.arrayJoin(parts, "");
  }

  function reports(entries) {
    const rows = list();
    for (let i = 0; i < entries.length; i++) rows[i] = JSONstringify(entries[i]);
    return flat("[", prim.arrayJoin(rows, ","), "]");
  }

  for (let i = 0; i < config.modules.length; i++) {
    const module = config.modules[i];
    sources[module.id] = { __proto__: null, source: module.source, line: module.line };
  }

  return { __proto__: null, V: V, hooks: hooks };
})
