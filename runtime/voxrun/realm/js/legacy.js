// Names that no documentation has (any more) and that scenarios in production use: module names reached through
// VoxEngine, internals of the platform's runtime, base64 as browsers name it.
(function (V) {
  const { Error, globalThis, stringFromCharCode, weakMapDelete, weakMapGet, weakMapSet } = V.prim;
  const { VoxEngine } = globalThis;

  for (const name of ["CallList", "RecordExpireTime"]) V.lazy(VoxEngine, name, () => globalThis[name]);

  // Used by the vendor's own easyprocess.js.
  V.expose("JSession", V.methods({}, { __proto__: null, close() { VoxEngine.terminate(); } }));
  // The engine frees at once what nothing refers to, and tells no scenario how much that leaves.
  V.expose("JSession_GC", () => {});
  V.expose("JSession_getLeftMemBytes", () => (V.boot.limits.memory_mb || 16) * 1048576);

  V.expose("btoa", (data) => {
    const text = "" + data;
    const bytes = [];
    for (let i = 0; i < text.length; i++) {
      bytes[i] = V.text.charCodeAt(text, i);
      if (bytes[i] > 255) throw new Error("btoa takes characters up to U+00FF; base64_encode takes any text");
    }
    return V.base64Encode(bytes);
  });
  V.expose("atob", (data) => {
    const bytes = V.base64Decode("" + data);
    let text = "";
    for (let i = 0; i < bytes.length; i++) text += stringFromCharCode(bytes[i]);
    return text;
  });

  // Every event passes through the global onPhoneEvent(event). A scenario may wrap it and see them all; without
  // a call of the one that was there the listeners get nothing. Until then nothing is spent on it.
  const dispatch = V.dispatch;
  const waiting = new V.prim.WeakMap(); // event -> whose it is
  let handler = deliver;

  function deliver(event) {
    const one = V.isObject(event) ? weakMapGet(waiting, event) : undefined;
    if (one === undefined) return undefined;
    weakMapDelete(waiting, event); // an event is delivered once
    one.results = dispatch(one.object, one.name, event);
    return undefined;
  }

  function route(object, name, event) {
    const one = { __proto__: null, object, name, results: [] };
    weakMapSet(waiting, event, one);
    V.run(function () { return V.prim.reflectApply(handler, globalThis, [event]); }, undefined, name, "");
    return one.results;
  }

  V.prim.defineProperty(globalThis, "onPhoneEvent", {
    __proto__: null, configurable: true, enumerable: false,
    get: () => handler,
    set: (value) => {
      handler = value;
      V.dispatch = value === deliver ? dispatch : route;
    },
  });
})
