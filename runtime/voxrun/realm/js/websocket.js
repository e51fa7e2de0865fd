// WebSockets of the scenario: VoxEngine.createWebSocket, new WebSocket, and those that come in.
//
// Commands: websocket.open {url, protocols, headers, statistics, trace, private}, .send {text}, .close,
// .clear {tag}, .allow, .incoming {statistics, trace}. Events: WebSocket.*, AppEvents.NewWebSocketConnection.
(function (V) {
  const { TypeError, arrayPush, defineProperty, isArray, list, objectCreate } = V.prim;
  const { isObject, toText } = V;

  const STATES = { __proto__: null, "WebSocket.Open": "open", "WebSocket.Close": "closed" };
  const PROPERTIES = {
    __proto__: null,
    "WebSocket.Created": "oncreated",
    "WebSocket.Open": "onopen",
    "WebSocket.Message": "onmessage",
    "WebSocket.Close": "onclose",
    "WebSocket.Error": "onerror",
    "WebSocket.MediaEventStarted": "onmediastarted",
    "WebSocket.MediaEventEnded": "onmediaended",
  };
  // Names of events as browsers have them; some scenarios listen to these.
  const BROWSER = {
    __proto__: null,
    "WebSocket.Open": "open", "WebSocket.Message": "message", "WebSocket.Close": "close", "WebSocket.Error": "error",
  };
  const kinds = V.prim.objectKeys(PROPERTIES);

  function WebSocket(url, parameters) {
    return open(url, parameters);
  }
  // What browsers have; here the values of readyState, which are words.
  const states = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"];
  for (let i = 0; i < states.length; i++) {
    const value = V.text.lower(states[i]);
    defineProperty(WebSocket, states[i], { __proto__: null, value, enumerable: true });
  }

  const insides = new V.prim.WeakMap(); // WebSocket -> {state, handlers by kind}

  function make(id, url, state) {
    const socket = objectCreate(WebSocket.prototype);
    const inside = { __proto__: null, state, handlers: { __proto__: null } };
    V.prim.weakMapSet(insides, socket, inside);
    defineProperty(socket, "url", { __proto__: null, value: url, enumerable: true, configurable: true });
    defineProperty(socket, "readyState", { __proto__: null, get: () => inside.state, enumerable: true, configurable: true });
    for (let i = 0; i < kinds.length; i++) {
      const kind = kinds[i];
      inside.handlers[kind] = null;
      defineProperty(socket, PROPERTIES[kind], {
        __proto__: null,
        get: () => inside.handlers[kind],
        set(handler) { inside.handlers[kind] = handler; },
        configurable: true,
      });
    }
    const ended = () => inside.state === "closing" || inside.state === "closed";

    V.methods(socket, {
      __proto__: null,
      id: () => id,
      send(data) {
        const text = messageText(data);
        if (ended()) V.warn("WebSocket.send() ignored: the WebSocket is " + inside.state);
        else V.command("websocket.send", id, { text });
      },
      close() {
        if (ended()) return; // scenarios close in several handlers
        V.command("websocket.close", id, {});
        inside.state = "closing";
      },
      clearMediaBuffer(parameters) {
        const tag = isObject(parameters) ? parameters.tag : undefined;
        if (!ended()) V.command("websocket.clear", id, { tag: toText(tag) });
      },
    });
    V.mediaUnit(socket, id, () => (ended() ? "the WebSocket is " + inside.state : ""));
    V.emitter(socket, "WebSocket");
    V.register(id, socket);
    return socket;
  }

  function messageText(data) {
    if (typeof data === "string") return data;
    if (data === undefined) throw new TypeError("WebSocket.send needs a text");
    if (isObject(data)) V.warn("WebSocket.send: got an object; it is sent as text, use JSON.stringify to choose the form");
    return V.describe(data);
  }

  // The second argument is parameters today; it was one subprotocol or a list of them in old code.
  function open(url, parameters) {
    if (url === undefined || url === null || url === "") throw new TypeError("VoxEngine.createWebSocket needs a URL");
    const p = isObject(parameters) && !isArray(parameters) ? parameters : { protocols: parameters };
    const id = V.newId("websocket");
    V.command("websocket.open", id, {
      url: toText(url),
      protocols: protocolList(p.protocols),
      headers: V.headerPairs(p.headers),
      statistics: !!p.statistics,
      trace: !!p.trace,
      private: !!p.privacy,
    });
    return make(id, toText(url), "connecting");
  }

  function protocolList(value) {
    if (value === undefined || value === null) return ["chat"]; // the platform's default
    const out = list();
    const given = isArray(value) ? value : [value];
    for (let i = 0; i < given.length; i++) {
      const name = V.text.trim(toText(given[i]));
      if (name) arrayPush(out, name);
    }
    return out;
  }

  // ---------------------------------------------------------------- events
  function raise(kind, target, data) {
    const socket = V.lookup(target);
    if (!socket) return;
    const inside = V.prim.weakMapGet(insides, socket);
    if (STATES[kind]) inside.state = STATES[kind];
    const event = { name: kind, websocket: socket };
    V.copyFields(event, data);
    if (kind === "WebSocket.Message") { // as browsers call it; unseen where an event is printed
      defineProperty(event, "data", { __proto__: null, value: data.text, configurable: true });
    }
    const handler = inside.handlers[kind];
    if (typeof handler === "function") V.run(handler, event, kind, "");
    V.dispatch(socket, kind, event);
    if (BROWSER[kind]) V.dispatch(socket, BROWSER[kind], event);
    if (kind === "WebSocket.Close") V.forget(target);
  }
  for (let i = 0; i < kinds.length; i++) {
    const kind = kinds[i];
    V.on(kind, (target, data) => raise(kind, target, data));
  }

  // ---------------------------------------------------------------- incoming
  let incoming = { __proto__: null, statistics: false, trace: false };

  function files(name, on) {
    incoming[name] = on;
    V.command("websocket.incoming", "", incoming);
  }

  V.engine.createWebSocket = (url, parameters) => open(url, parameters);
  V.engine.allowWebSocketConnections = () => V.command("websocket.allow", "", {});
  V.engine.enableStatisticsForIncomingWebsockets = () => files("statistics", true);
  V.engine.disableStatisticsForIncomingWebsockets = () => files("statistics", false);
  V.engine.enableTraceForIncomingWebsockets = () => files("trace", true);
  V.engine.disableTraceForIncomingWebsockets = () => files("trace", false);

  V.on("AppEvents.NewWebSocketConnection", (target, data) => {
    const event = { name: "AppEvents.NewWebSocketConnection", websocket: make(target, data.path, "open") };
    V.copyFields(event, data);
    V.dispatch(V.lookup(""), event.name, event);
  });

  V.expose("WebSocket", WebSocket);
})
