// Promises that Python settles: V.promise() gives {id, promise, resolve, reject}.
(function (V) {
  "use strict";

  const promises = { __proto__: null };
  V.promise = function () {
    const made = { __proto__: null, id: V.newId("promise"), promise: null, resolve: null, reject: null };
    made.promise = new V.prim.Promise(function (resolve, reject) {
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
    made.reject(new V.prim.Error(data.message));
  });
})
