// Modules.ApplicationStorage: what outlives sessions. Arguments are checked here, so that a mistake rejects its own
// promise; the pairs themselves are Python's.
//
// Commands: storage.get {key}, storage.put {key, value, ttl}, storage.remove {key}, storage.keys {pattern, count};
// each is answered by "@storage" {value} or {error}.
(function (V) {
  const { Error, Map, Number, Promise, isFinite, mapDelete, mapGet, mapSet, mathFloor, promiseReject } = V.prim;

  const LONGEST_KEY = 200;
  const LONGEST_VALUE = 2000;
  const LONGEST_TTL = 7776000; // 90 days, seconds
  const DEFAULT_TTL = 2592000; // 30 days
  const DEFAULT_COUNT = 1000;
  const MOST_COUNT = 100000;
  const MOST_PENDING = 1000;
  const pending = new Map();
  let waiting = 0;

  function text(value, what, most, name) {
    const out = V.describe(value);
    if (out.length <= most) return out;
    throw new Error("ApplicationStorage." + name + ": the " + what + " has " + out.length + " characters, the limit is " + most);
  }

  function keyOf(value, name) {
    const key = value === undefined || value === null ? "" : text(value, "key", LONGEST_KEY, name);
    if (key) return key;
    throw new Error("ApplicationStorage." + name + " needs a key, got " + V.describe(value));
  }

  function valueOf(value) {
    if (value === undefined || value === null) throw new Error("ApplicationStorage.put needs a value, got " + value);
    return text(value, "value", LONGEST_VALUE, "put");
  }

  function number(value, otherwise, least, most, what, name) {
    if (value === undefined || value === null) return otherwise;
    const out = mathFloor(Number(value));
    if (isFinite(out) && out >= least && out <= most) return out;
    throw new Error("ApplicationStorage." + name + ": " + what + " must be " + least + " to " + most + ", got " + V.describe(value));
  }

  function ask(name, collect) {
    try {
      const data = collect();
      if (waiting >= MOST_PENDING) {
        throw new Error("ApplicationStorage." + name + ": " + MOST_PENDING + " operations are under way: await them before you go on");
      }
      const id = V.newId("storage");
      return new Promise((resolve, reject) => {
        V.command("storage." + name, id, data);
        waiting++;
        mapSet(pending, id, { __proto__: null, resolve, reject });
      });
    } catch (error) {
      return promiseReject(error);
    }
  }

  V.on("@storage", (target, data) => {
    const made = mapGet(pending, target);
    if (!made) return;
    mapDelete(pending, target);
    waiting--;
    if (data.error !== undefined) made.reject(new Error(data.error));
    else made.resolve(data.value);
  });

  V.namespace("applicationstorage", "ApplicationStorage", V.methods({}, {
    __proto__: null,
    get: (key) => ask("get", () => ({ key: keyOf(key, "get") })),
    // Values are texts; the vendor's own sample puts a number, and leaves the time out.
    put: (key, value, ttl) => ask("put", () => ({
      key: keyOf(key, "put"),
      value: valueOf(value),
      ttl: number(ttl, DEFAULT_TTL, 0, LONGEST_TTL, "ttl", "put"),
    })),
    remove: (key) => ask("remove", () => ({ key: keyOf(key, "remove") })),
    keys: (pattern, count) => ask("keys", () => ({
      pattern: pattern === undefined || pattern === null ? "" : text(pattern, "pattern", LONGEST_KEY, "keys"),
      count: number(count, DEFAULT_COUNT, 1, MOST_COUNT, "count", "keys"),
    })),
  }));
})
