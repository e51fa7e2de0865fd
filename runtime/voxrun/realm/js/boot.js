// The ground floor of a realm, evaluated first. The value of this script is the object {V, hooks}:
// Python keeps the hooks, hands V to every API file, and nothing of it is reachable from a global.
//
// A scenario may overwrite any built-in, so this file (and every API file) works with the intrinsics
// captured in V.prim, walks lists by index, and keeps its tables in objects without a prototype.
// Nothing here may read the boot data while it is evaluated: a realm is made ahead of its session.
(function (config) {
  "use strict";

  // ---------------------------------------------------------------- intrinsics
  const bindCall = Function.prototype.bind.bind(Function.prototype.call);
  const NativeDate = Date;
  const NativeError = Error;
  const indirectEval = eval;
  const globalObject = globalThis;
  const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype);

  // Engine settings that belong to no platform: set, then taken away below.
  NativeError.stackTraceLimit = config.stackFrames;

  const prim = {
    __proto__: null,
    JSONparse: JSON.parse,
    JSONstringify: JSON.stringify,
    Array: Array,
    BigInt: BigInt,
    Date: undefined, // the session's Date, set below
    Error: Error,
    RangeError: RangeError,
    ReferenceError: ReferenceError,
    SyntaxError: SyntaxError,
    TypeError: TypeError,
    Map: Map,
    Number: Number,
    Object: Object,
    Promise: Promise,
    RegExp: RegExp,
    Set: Set,
    String: String,
    Symbol: Symbol,
    Uint8Array: Uint8Array,
    WeakMap: WeakMap,
    WeakSet: WeakSet,
    globalThis: globalObject,
    isFinite: Number.isFinite,
    isInteger: Number.isInteger,
    isNaN: Number.isNaN,
    parseFloat: parseFloat,
    parseInt: parseInt,
    decodeURIComponent: decodeURIComponent,
    encodeURIComponent: encodeURIComponent,
    isArray: Array.isArray,
    arrayConcat: bindCall(Array.prototype.concat),
    arrayIncludes: bindCall(Array.prototype.includes),
    arrayIndexOf: bindCall(Array.prototype.indexOf),
    arrayJoin: bindCall(Array.prototype.join),
    arrayPop: bindCall(Array.prototype.pop),
    arrayPush: bindCall(Array.prototype.push),
    arrayShift: bindCall(Array.prototype.shift),
    arraySlice: bindCall(Array.prototype.slice),
    arraySort: bindCall(Array.prototype.sort),
    arraySplice: bindCall(Array.prototype.splice),
    objectAssign: Object.assign,
    objectCreate: Object.create,
    objectEntries: Object.entries,
    objectKeys: Object.keys,
    objectToString: bindCall(Object.prototype.toString),
    hasOwn: bindCall(Object.prototype.hasOwnProperty),
    defineProperty: Object.defineProperty,
    defineProperties: Object.defineProperties,
    freeze: Object.freeze,
    getOwnPropertyDescriptor: Object.getOwnPropertyDescriptor,
    getOwnPropertyNames: Object.getOwnPropertyNames,
    getPrototypeOf: Object.getPrototypeOf,
    setPrototypeOf: Object.setPrototypeOf,
    reflectApply: Reflect.apply,
    reflectConstruct: Reflect.construct,
    reflectOwnKeys: Reflect.ownKeys,
    mapDelete: bindCall(Map.prototype.delete),
    mapForEach: bindCall(Map.prototype.forEach),
    mapGet: bindCall(Map.prototype.get),
    mapHas: bindCall(Map.prototype.has),
    mapSet: bindCall(Map.prototype.set),
    weakMapDelete: bindCall(WeakMap.prototype.delete),
    weakMapGet: bindCall(WeakMap.prototype.get),
    weakMapHas: bindCall(WeakMap.prototype.has),
    weakMapSet: bindCall(WeakMap.prototype.set),
    weakSetAdd: bindCall(WeakSet.prototype.add),
    weakSetHas: bindCall(WeakSet.prototype.has),
    promiseThen: bindCall(Promise.prototype.then),
    promiseResolve: Promise.resolve.bind(Promise),
    promiseReject: Promise.reject.bind(Promise),
    numberToString: bindCall(Number.prototype.toString),
    numberToFixed: bindCall(Number.prototype.toFixed),
    stringCharCodeAt: bindCall(String.prototype.charCodeAt),
    stringCodePointAt: bindCall(String.prototype.codePointAt),
    stringEndsWith: bindCall(String.prototype.endsWith),
    stringFromCharCode: String.fromCharCode,
    stringFromCodePoint: String.fromCodePoint,
    stringIncludes: bindCall(String.prototype.includes),
    stringIndexOf: bindCall(String.prototype.indexOf),
    stringLastIndexOf: bindCall(String.prototype.lastIndexOf),
    stringPadStart: bindCall(String.prototype.padStart),
    stringRepeat: bindCall(String.prototype.repeat),
    stringSlice: bindCall(String.prototype.slice),
    stringSplit: bindCall(String.prototype.split),
    stringStartsWith: bindCall(String.prototype.startsWith),
    stringToLowerCase: bindCall(String.prototype.toLowerCase),
    stringToUpperCase: bindCall(String.prototype.toUpperCase),
    stringTrim: bindCall(String.prototype.trim),
    regExpExec: bindCall(RegExp.prototype.exec),
    dateGetTime: bindCall(Date.prototype.getTime),
    dateToISOString: bindCall(Date.prototype.toISOString),
    dateToString: bindCall(Date.prototype.toString),
    dateUTC: Date.UTC,
    dateParse: Date.parse,
    mathAbs: Math.abs,
    mathCeil: Math.ceil,
    mathFloor: Math.floor,
    mathImul: Math.imul,
    mathMax: Math.max,
    mathMin: Math.min,
    mathRound: Math.round,
    mathTrunc: Math.trunc,
    typedArrayLength: bindCall(prototypeGetter(typedArrayPrototype, "length")),
    functionToString: bindCall(Function.prototype.toString),
    bind: bindCall(Function.prototype.bind),
    uncurryThis: bindCall,
    list: list,
  };

  function prototypeGetter(prototype, name) {
    return Object.getOwnPropertyDescriptor(prototype, name).get;
  }

  // An array that no setter on Array.prototype can spy on.
  function list() {
    return prim.setPrototypeOf([], null);
  }

  const { stringIndexOf, stringSlice, stringCharCodeAt, defineProperty, JSONparse, JSONstringify } = prim;
  const { weakMapGet, weakMapSet, reflectApply, objectKeys, mathImul } = prim;

  function hidden(target, name, value) {
    defineProperty(target, name, {
      __proto__: null, value: value, writable: true, configurable: true, enumerable: false,
    });
  }

  // ---------------------------------------------------------------- V
  const boot = { __proto__: null };
  const V = { __proto__: null, prim: prim, knownModules: { __proto__: null } };
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
  function scenarioPosition(stack) {
    const marker = config.marker;
    let at = stringIndexOf(stack, marker);
    while (at >= 0) {
      let end = stringIndexOf(stack, "\n", at);
      if (end < 0) end = stack.length;
      if (stringCharCodeAt(stack, end - 1) === 41) end--;
      const place = stringSlice(stack, at + marker.length, end);
      if (marker !== "<input>:" || prim.parseInt(place, 10) >= config.scenarioLine) return place;
      at = stringIndexOf(stack, marker, end);
    }
    return "";
  }

  const stackOf = bindCall(prototypeGetter(NativeError.prototype, "stack"));

  V.position = function () { return scenarioPosition(stackOf(new NativeError())); };

  // ---------------------------------------------------------------- commands
  let commands = list();

  V.command = function (kind, target, data) {
    // Serialised at once: the scenario may change its objects later, and what cannot be sent fails here.
    const body = data === undefined ? "{}" : JSONstringify(data);
    const where = scenarioPosition(stackOf(new NativeError()));
    const to = target === "" ? "\"\"" : JSONstringify("" + target);
    commands[commands.length] = "[\"" + kind + "\"," + to + "," + body + ",\"" + where + "\"]";
  };

  V.log = function (level, text) {
    V.command("log", "", { __proto__: null, level: level, text: text });
  };

  // ---------------------------------------------------------------- ids, chance, time
  const counters = { __proto__: null };
  let idSeed = "";
  let r0 = 0, r1 = 0, r2 = 0, r3 = 1; // sfc32 state

  function hash32(text, h) {
    for (let i = 0; i < text.length; i++) {
      h = mathImul(h ^ stringCharCodeAt(text, i), 0x01000193);
      h = h ^ (h >>> 15);
    }
    h = mathImul(h ^ (h >>> 16), 0x85ebca6b);
    h = mathImul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> 0;
  }

  function hex8(n) {
    return stringSlice("0000000" + prim.numberToString(n, 16), -8);
  }

  V.newId = function (kind) {
    const n = counters[kind] = (counters[kind] || 0) + 1;
    const text = idSeed + ":" + kind + ":" + n;
    return hex8(hash32(text, 0x811c9dc5)) + hex8(hash32(text, 0x9e3779b9))
      + hex8(hash32(text, 0x7feb352d)) + hex8(hash32(text, 0x68e31da4));
  };

  function random() {
    const t = (((r0 + r1) | 0) + r3) | 0;
    r3 = (r3 + 1) | 0;
    r0 = r1 ^ (r1 >>> 9);
    r1 = (r2 + (r2 << 3)) | 0;
    r2 = ((r2 << 21) | (r2 >>> 11));
    r2 = (r2 + t) | 0;
    return t >>> 0;
  }

  hidden(Math, "random", { random() {
    return (random() * 0x200000 + (random() >>> 11)) / 0x20000000000000;
  } }.random);

  function SessionDate(...args) {
    if (new.target === undefined) return prim.dateToString(new NativeDate(now));
    if (args.length === 0) return prim.reflectConstruct(NativeDate, [now], new.target);
    return prim.reflectConstruct(NativeDate, args, new.target);
  }
  defineProperty(SessionDate, "name", { __proto__: null, value: "Date", configurable: true });
  defineProperty(SessionDate, "length", { __proto__: null, value: 7, configurable: true });
  defineProperty(SessionDate, "prototype", { __proto__: null, value: NativeDate.prototype, writable: false });
  hidden(SessionDate, "now", { now() { return now; } }.now);
  hidden(SessionDate, "parse", NativeDate.parse);
  hidden(SessionDate, "UTC", NativeDate.UTC);
  hidden(NativeDate.prototype, "constructor", SessionDate);
  hidden(globalObject, "Date", SessionDate);
  prim.Date = SessionDate;

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

  // ---------------------------------------------------------------- listeners
  const listenerTables = new prim.WeakMap();
  const allListeners = list(); // one for each line of the scenario that adds listeners
  const listenersByLine = { __proto__: null };
  const MOST_LISTENERS = 1000;

  function table(object) {
    let found = weakMapGet(listenerTables, object);
    if (found === undefined) {
      found = { __proto__: null };
      weakMapSet(listenerTables, object, found);
    }
    return found;
  }

  const labels = new prim.WeakMap(); // what has listeners -> the name of its class
  V.label = function (object, name) { weakMapSet(labels, object, name); };
  V.labelOf = function (object) { return weakMapGet(labels, object); };

  function lineOf(label, event, where) {
    const key = label + "\n" + event + "\n" + where;
    let line = listenersByLine[key];
    if (line === undefined) {
      line = { __proto__: null, label: label, event: event, where: where, fired: 0 };
      if (allListeners.length < MOST_LISTENERS) {
        listenersByLine[key] = line;
        allListeners[allListeners.length] = line;
      }
    }
    return line;
  }

  function addListener(object, name, callback) {
    const own = table(object);
    const entry = {
      __proto__: null, event: name, callback: callback, where: V.position(), line: { __proto__: null, fired: 0 },
    };
    if (own[name] === undefined) own[name] = list();
    own[name][own[name].length] = entry;
    return entry;
  }

  // A listener of our own: it counts as one of the scenario's, but is not listed among them.
  V.listen = function (object, name, callback) { addListener(object, name, callback); };

  // `heard(name)` is told of each event of the target when the scenario first listens to it.
  V.emitter = function (target, label, heard) {
    weakMapSet(labels, target, label);
    hidden(target, "addEventListener", function addEventListener(event, callback) {
      const name = "" + event, first = table(this)[name] === undefined;
      const entry = addListener(this, name, callback);
      entry.line = lineOf(label, name, entry.where);
      if (first && heard !== undefined) heard(name);
    });
    hidden(target, "removeEventListener", function removeEventListener(event, callback) {
      const own = table(this), name = "" + event, old = own[name];
      if (old === undefined) return;
      if (callback === undefined) { delete own[name]; return; }
      const kept = list();
      let removed = false;
      for (let i = 0; i < old.length; i++) {
        if (!removed && old[i].callback === callback) removed = true;
        else kept[kept.length] = old[i];
      }
      if (kept.length === 0) delete own[name];
      else own[name] = kept;
    });
    return target;
  };

  V.hasListeners = function (object, name) {
    return table(object)[name] !== undefined;
  };

  V.listeners = function () { return allListeners; };

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

  V.dispatch = function (object, name, event) {
    const results = [], found = table(object)[name];
    if (found === undefined) return results;
    const count = found.length; // listeners added meanwhile wait for the next event
    for (let i = 0; i < count; i++) {
      const entry = found[i];
      entry.line.fired++;
      const value = V.run(entry.callback, event, name, entry.where);
      defineProperty(results, i, {
        __proto__: null, value: value, writable: true, configurable: true, enumerable: true,
      });
    }
    return results;
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

  const promises = { __proto__: null };
  V.promise = function () {
    const made = { __proto__: null, id: V.newId("promise"), promise: null, resolve: null, reject: null };
    made.promise = new prim.Promise(function (resolve, reject) {
      made.resolve = resolve;
      made.reject = reject;
    });
    promises[made.id] = made;
    return made;
  };
  V.on("@resolve", function (target, data) {
    const made = promises[target];
    if (made === undefined) return;
    delete promises[target];
    made.resolve(data.value);
  });
  V.on("@reject", function (target, data) {
    const made = promises[target];
    if (made === undefined) return;
    delete promises[target];
    made.reject(new NativeError(data.message));
  });

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

  const hooks = {
    __proto__: null,

    start(json) {
      return guarded(function () {
        const data = JSONparse(json);
        const r = data.random;
        r0 = r[0]; r1 = r[1]; r2 = r[2]; r3 = r[3] | 1;
        for (let i = 0; i < 12; i++) random();
        idSeed = data.idSeed;
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
      const text = flat("{\"c\":[", prim.arrayJoin(commands, ","), "],\"f\":", JSONstringify(failure), ",\"s\":",
        reports(survived), ",\"i\":", JSONstringify(stack), ",\"h\":", JSONstringify(handled), "}");
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

  // ---------------------------------------------------------------- the platform's language level
  // What Firefox 115 (July 2023) does not have is taken away, so that what runs here runs there.
  // Reference: MDN browser-compat-data; the number is the Firefox version that brought it, "-" none yet.
  function without(owner, names) {
    if (owner === undefined || owner === null) return;
    for (let i = 0; i < names.length; i++) Reflect.deleteProperty(owner, names[i]);
  }

  function removeNewBuiltins() {
    const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
    const asyncIteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf(
      (async function* () {})()));
    const asyncBase = Object.getPrototypeOf(asyncIteratorPrototype);
    const dispose = Symbol.dispose, asyncDispose = Symbol.asyncDispose;

    without(iteratorPrototype, [  // 131 and later; dispose 141
      "chunks", "drop", "filter", "flatMap", "map", "take", "windows", "every", "find", "forEach", "some",
      "includes", "join", "reduce", "toArray", "constructor", dispose, Symbol.toStringTag]);
    without(asyncIteratorPrototype, [asyncDispose]);
    without(asyncBase, [asyncDispose]);
    without(Object, ["groupBy"]);                                                          // 119
    without(Map, ["groupBy"]);                                                             // 119
    without(Map.prototype, ["getOrInsert", "getOrInsertComputed"]);                        // 144
    without(WeakMap.prototype, ["getOrInsert", "getOrInsertComputed"]);                    // 144
    without(Set.prototype, ["isDisjointFrom", "isSubsetOf", "isSupersetOf", "intersection",
      "difference", "symmetricDifference", "union"]);                                      // 127
    without(Promise, ["withResolvers", "try"]);                                            // 121, 134
    without(String.prototype, ["isWellFormed", "toWellFormed"]);                           // 119
    without(ArrayBuffer.prototype, ["transfer", "transferToFixedLength", "detached",       // 122
      "resizable", "maxByteLength", "resize",                                              // 128
      "immutable", "sliceToImmutable", "transferToImmutable"]);                            // -
    without(globalObject.SharedArrayBuffer && SharedArrayBuffer.prototype,
      ["growable", "maxByteLength", "grow"]);                                              // 128
    without(Atomics, ["pause", "waitAsync"]);                                              // 137, 145
    without(Math, ["f16round", "sumPrecise"]);                                             // 129, 137
    without(DataView.prototype, ["getFloat16", "setFloat16"]);                             // 129
    without(RegExp, ["escape"]);                                                           // 134
    without(RegExp.prototype, ["unicodeSets"]);                                            // 116
    without(JSON, ["rawJSON", "isRawJSON"]);                                               // 135
    without(Uint8Array, ["fromBase64", "fromHex"]);                                        // 133
    without(Uint8Array.prototype, ["toBase64", "toHex", "setFromBase64", "setFromHex"]);   // 133
    without(NativeError, ["isError", "captureStackTrace",                                  // 138
      "stackTraceLimit", "prepareStackTrace"]);                                            // -
    without(Function.prototype, ["fileName", "lineNumber", "columnNumber"]);               // -
    without(globalObject, ["Iterator", "Float16Array", "DisposableStack", "AsyncDisposableStack",
      "SuppressedError", "DOMException",                                 // 131, 129, 141, 141, 141, web
      "performance", "queueMicrotask", "btoa", "atob",                   // web: not of the language
      "console", "print", "std", "os", "bjs", "scriptArgs", "gc", "navigator"]);
  }

  // RegExp without the v flag (116); literals with it are found when a script is read.
  function removeRegExpFlag() {
    const NativeRegExp = RegExp;
    function SessionRegExp(pattern, flags) {
      if (flags !== undefined && typeof flags !== "object" && stringIndexOf("" + flags, "v") >= 0) {
        throw new prim.SyntaxError("invalid regular expression flag v");
      }
      if (new.target === undefined) return NativeRegExp(pattern, flags);
      return prim.reflectConstruct(NativeRegExp, arguments.length < 2 ? [pattern] : [pattern, flags], new.target);
    }
    const names = Reflect.ownKeys(NativeRegExp);
    for (let i = 0; i < names.length; i++) {
      defineProperty(SessionRegExp, names[i], Object.getOwnPropertyDescriptor(NativeRegExp, names[i]));
    }
    hidden(NativeRegExp.prototype, "constructor", SessionRegExp);
    hidden(globalObject, "RegExp", SessionRegExp);
  }

  // Symbol without dispose and asyncDispose (141), which the engine does not let go of.
  function removeDisposeSymbols() {
    const NativeSymbol = Symbol;
    function SessionSymbol(description) {
      if (new.target !== undefined) throw new prim.TypeError("Symbol is not a constructor");
      return NativeSymbol(description);
    }
    const names = Reflect.ownKeys(NativeSymbol);
    for (let i = 0; i < names.length; i++) {
      if (names[i] === "dispose" || names[i] === "asyncDispose") continue;
      defineProperty(SessionSymbol, names[i], Object.getOwnPropertyDescriptor(NativeSymbol, names[i]));
    }
    hidden(NativeSymbol.prototype, "constructor", SessionSymbol);
    hidden(globalObject, "Symbol", SessionSymbol);
  }

  // An interrupted script's error is turned into text by the binding, outside every budget: no code of
  // the scenario may run there.
  function sealInternalError() {
    const prototype = InternalError.prototype;
    const stack = Object.getOwnPropertyDescriptor(NativeError.prototype, "stack");
    defineProperty(prototype, "toString", { __proto__: null, value: NativeError.prototype.toString });
    defineProperty(prototype, Symbol.toPrimitive, { __proto__: null, value: undefined });
    defineProperty(prototype, "name", { __proto__: null, value: "InternalError", writable: false, configurable: false });
    defineProperty(prototype, "message", { __proto__: null, value: "", writable: false, configurable: false });
    defineProperty(prototype, "stack", { __proto__: null, get: stack.get, set: stack.set, configurable: false });
  }

  removeNewBuiltins();
  removeRegExpFlag();
  removeDisposeSymbols();
  sealInternalError();
  return { __proto__: null, V: V, hooks: hooks };
})
