// Net.httpRequest and httpRequestAsync in all the shapes that scenarios use.
(function (V) {
  const { Error, TypeError, Number, Map, Promise } = globalThis;
  const uncurry = (method) => Function.prototype.call.bind(method);
  const get = uncurry(Map.prototype.get);
  const set = uncurry(Map.prototype.set);
  const remove = uncurry(Map.prototype.delete);
  const size = uncurry(Object.getOwnPropertyDescriptor(Map.prototype, "size").get);
  const apply = Reflect.apply;
  const isArray = Array.isArray;
  const keys = Object.keys;
  const { isObject, toText } = V;

  const LONGEST_WAIT = 90; // seconds in all
  const LONGEST_CONNECT = 6; // seconds to connect
  const pending = new Map();

  // Headers come as {name: value}, ["Name: value"], [["Name", "value"]] or [{name, value}].
  function headerPairs(value) {
    const out = [];
    if (!isObject(value)) {
      if (typeof value === "string") addLine(out, value);
      return out;
    }
    if (!isArray(value)) {
      const names = keys(value);
      for (let i = 0; i < names.length; i++) add(out, names[i], value[names[i]]);
      return out;
    }
    for (let i = 0; i < value.length; i++) {
      const one = value[i];
      if (isArray(one)) add(out, one[0], one[1]);
      else if (isObject(one)) add(out, one.name !== undefined ? one.name : one.key, one.value);
      else addLine(out, toText(one));
    }
    return out;
  }

  function addLine(out, line) {
    const colon = V.text.indexOf(line, ":");
    if (colon > 0) add(out, V.text.slice(line, 0, colon), V.text.slice(line, colon + 1));
    else if (line) V.warn("Net: header '" + line + "' has no colon and is left out");
  }

  function add(out, name, value) {
    if (value === undefined || value === null) return;
    out[out.length] = [V.text.trim(toText(name)), V.text.trim(toText(value))];
  }

  function seconds(value, most) {
    const number = Number(value);
    return number > 0 && number < most ? number : most;
  }

  function body(value, method) {
    if (value === undefined || value === null) return {};
    if (method !== "POST" && method !== "PUT" && method !== "PATCH" && method !== "DELETE") return {};
    if (V.isBytes(value)) return { bytes: V.base64Encode(value) };
    if (typeof value === "string") return { text: value };
    // A plain object is a common slip; what the platform sends is its string, so say what was meant.
    if (isObject(value)) V.warn("Net: postData is an object; it is sent as text, use JSON.stringify to choose the form");
    return { text: V.describe(value) };
  }

  // The id of one more request: its answer, an event "@http", goes to V.onHttp's callback.
  V.newHttp = () => {
    const most = V.boot.limits.http_total;
    if (size(pending) >= most) {
      V.limit("http", "Exceeded the HTTP connection count limit! (" + most + " requests active and waiting; the platform's figure is 35)");
    }
    return V.newId("http");
  };
  V.onHttp = (id, done) => set(pending, id, done);

  function request(url, options) {
    const id = V.newHttp();
    const o = isObject(options) ? options : {};
    const method = V.text.upper(toText(o.method) || "GET");
    const params = [];
    if (isObject(o.params)) {
      const names = keys(o.params);
      for (let i = 0; i < names.length; i++) add(params, names[i], o.params[names[i]]);
    }
    V.command("http.request", id, {
      url: toText(url),
      method,
      headers: headerPairs(o.headers),
      params,
      body: body(o.postData, method),
      raw: !!o.rawOutput,
      timeout: seconds(o.timeout, LONGEST_WAIT),
      connect: seconds(o.connectionTimeout, LONGEST_CONNECT),
    });
    return id;
  }

  // httpRequest(url, callback, options) as documented; (url, options, callback) is found in the wild.
  function split(args) {
    let callback;
    let options;
    for (let i = 0; i < args.length; i++) {
      if (typeof args[i] === "function") callback = callback || args[i];
      else if (isObject(args[i])) options = options || args[i];
    }
    return { callback, options };
  }

  function httpRequest(url, ...rest) {
    const { callback, options } = split(rest);
    const id = request(url, options);
    set(pending, id, (result) => {
      if (callback) apply(callback, undefined, [result]);
    });
  }

  function httpRequestAsync(url, ...rest) {
    const { callback, options } = split(rest);
    return new Promise((resolve) => {
      const id = request(url, options);
      set(pending, id, (result) => {
        resolve(result);
        if (callback) apply(callback, undefined, [result]);
      });
    });
  }

  V.headerPairs = headerPairs;
  V.on("@http", (target, data) => {
    const done = get(pending, target);
    if (!done) return;
    remove(pending, target);
    const result = { code: data.code };
    if (data.text !== undefined) result.text = data.text;
    if (data.bytes !== undefined) result.data = V.base64Decode(data.bytes);
    result.headers = data.headers || [];
    result.raw_headers = data.raw_headers || "";
    if (data.error !== undefined) result.error = data.error;
    V.guard(() => done(result));
  });

  const Net = { httpRequest, httpRequestAsync };
  Net.HttpRequestOptions = function HttpRequestOptions() {};
  V.headerPairs = headerPairs;
  V.expose("Net", Net);
})
