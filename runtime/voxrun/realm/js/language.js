// The language that scenarios find: the platform's level, and a Date that is the session's. What Firefox 115 (July 2023)
// does not have is taken away, so that what runs here runs there.
(function (V) {
  "use strict";
  const { defineProperty, globalThis: globalObject, stringIndexOf } = V.prim;
  const { hidden } = V;
  const NativeDate = Date;
  const NativeError = Error;

  // ---------------------------------------------------------------- the session's Date
  function SessionDate(...args) {
    if (new.target === undefined) return V.prim.dateToString(new NativeDate(V.now()));
    if (args.length === 0) return V.prim.reflectConstruct(NativeDate, [V.now()], new.target);
    return V.prim.reflectConstruct(NativeDate, args, new.target);
  }
  defineProperty(SessionDate, "name", { __proto__: null, value: "Date", configurable: true });
  defineProperty(SessionDate, "length", { __proto__: null, value: 7, configurable: true });
  defineProperty(SessionDate, "prototype", { __proto__: null, value: NativeDate.prototype, writable: false });
  hidden(SessionDate, "now", { now() { return V.now(); } }.now);
  hidden(SessionDate, "parse", NativeDate.parse);
  hidden(SessionDate, "UTC", NativeDate.UTC);
  hidden(NativeDate.prototype, "constructor", SessionDate);
  hidden(globalObject, "Date", SessionDate);
  V.prim.Date = SessionDate;

  // ---------------------------------------------------------------- what is taken away
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
        throw new V.prim.SyntaxError("invalid regular expression flag v");
      }
      if (new.target === undefined) return NativeRegExp(pattern, flags);
      return V.prim.reflectConstruct(NativeRegExp, arguments.length < 2 ? [pattern] : [pattern, flags], new.target);
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
      if (new.target !== undefined) throw new V.prim.TypeError("Symbol is not a constructor");
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
})
