// CallList: what a scenario reports of the row of a call list that it was started with. The row is
// VoxEngine.customData(). On the platform each report is an HTTP request, so it counts and is answered as one.
(function (V) {
  const { Promise, reflectApply } = V.prim;

  function report(name, kind, data) {
    if (data === undefined || data === null) V.warn("CallList." + name + " was given nothing to report");
    const text = data === undefined || data === null ? "" : V.describe(data);
    const id = V.newHttp();
    V.log("system", "CallList." + name + ": " + text);
    V.command("calllist.report", id, { kind, data: text });
    return id;
  }

  const CallList = {};
  function add(name, kind) {
    V.methods(CallList, {
      __proto__: null,
      [name](data, callback) {
        V.onHttp(report(name, kind, data), (result) => {
          if (typeof callback === "function") reflectApply(callback, undefined, [result]);
        });
      },
      [name + "Async"](data) {
        return new Promise((resolve) => V.onHttp(report(name + "Async", kind, data), resolve));
      },
    });
  }
  add("reportResult", "result");
  add("reportError", "error");
  add("reportProgress", "progress");
  add("requestNextAttempt", "next");

  V.namespace("calllist", "CallList", CallList);
})
