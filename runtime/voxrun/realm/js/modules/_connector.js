// What every voice-AI namespace shares: the client object, its life and its events. A provider's module
// adds tables only, see ultravox.js. Loaded by those modules, not by scenarios.
//
// Commands: connector.create {provider, params, promise}, connector.call {method, argument},
// connector.clear {tag}, connector.close. Events: the provider's by their whole names, and "@wsclose".
(function (V) {
  const { TypeError, isArray, mapGet, mapSet, objectCreate, promiseReject, stringStartsWith } = V.prim;
  const closers = new V.prim.Map(); // client id -> what to do when its socket is over

  V.on("@wsclose", (target, data) => {
    const closed = mapGet(closers, target);
    if (closed) closed(data);
  });

  // {A: "Group.A", B: "Group.B"} for an event enum.
  function enumOf(group, names) {
    const members = {};
    for (let i = 0; i < names.length; i++) members[names[i]] = group + "." + names[i];
    return members;
  }

  function argumentOf(value, name) {
    if (value === undefined || value === null) return {};
    if (typeof value === "object" && !isArray(value)) return value;
    throw new TypeError(name + " takes one object, the message for the provider, got " + V.describe(value));
  }

  function makeClient(id, Client, table, onClose) {
    const client = objectCreate(Client.prototype);
    const socketId = V.newId("websocket");
    const where = V.position();
    const mediaGroup = table.namespace + ".Events.";
    let closing = false;

    function command(kind, data, name) {
      if (closing) V.warn(name + "() ignored: the client is closed");
      else V.command("connector." + kind, id, data);
    }

    const methods = {
      __proto__: null,
      id: () => id,
      webSocketId: () => socketId,
      close() {
        if (closing) return; // scenarios close in several handlers
        V.command("connector.close", id, {});
        closing = true;
      },
    };
    if (table.media !== false) {
      methods.clearMediaBuffer = (parameters) => {
        const tag = V.isObject(parameters) ? parameters.tag : undefined;
        if (!closing) V.command("connector.clear", id, { tag });
      };
    }
    for (let i = 0; i < table.methods.length; i++) {
      const method = table.methods[i];
      methods[method] = (argument) => {
        command("call", { method, argument: argumentOf(argument, table.client + "." + method) }, table.client + "." + method);
      };
    }
    V.methods(client, methods);
    if (table.media !== false) V.mediaUnit(client, id, () => (closing ? "the client is closed" : ""));
    V.emitter(client, table.namespace + "." + table.client);
    V.register(id, client);

    // The fields stand in the platform's order: media events name the client's id first.
    V.hook(id, (kind) => (stringStartsWith(kind, mediaGroup) ? { id, client } : { client }));

    mapSet(closers, id, (data) => {
      closing = true;
      if (onClose === undefined || onClose === null) return;
      const websocket = V.methods({}, { __proto__: null, id: () => socketId });
      const event = { websocket, code: data.code, reason: data.reason, wasClean: data.wasClean };
      V.run(onClose, event, table.namespace + " onWebSocketClose", where);
    });
    return client;
  }

  function factoryOf(Client, table) {
    const name = table.namespace + "." + table.factory;
    return (parameters) => {
      if (!V.isObject(parameters)) {
        return promiseReject(new TypeError(name + " needs one object of parameters, got " + V.describe(parameters)));
      }
      const id = V.newId("client");
      const made = V.promise();
      try {
        const { onWebSocketClose, ...params } = parameters; // other functions are dropped by JSON
        V.command("connector.create", id, { provider: table.provider, params, promise: made.id });
        makeClient(id, Client, table, onWebSocketClose);
      } catch (error) {
        return promiseReject(error); // a body that cannot be written as JSON
      }
      return made.promise;
    };
  }

  // One client class of a provider, with its factory, in `namespace` (an object).
  //   table: {namespace, provider, client, factory, methods, events: {EnumName: [group, names]}, media}
  V.connectorClient = function (namespace, table) {
    const Client = V.classOf(table.client, table.namespace + "." + table.factory);
    namespace[table.client] = Client;
    V.methods(namespace, { __proto__: null, [table.factory]: factoryOf(Client, table) });
    const enums = V.prim.objectKeys(table.events);
    for (let i = 0; i < enums.length; i++) {
      const entry = table.events[enums[i]];
      namespace[enums[i]] = enumOf(entry[0], entry[1]);
    }
    return namespace;
  };

  // The enum that every namespace has.
  V.connectorMediaEvents = (namespace) => enumOf(namespace + ".Events", ["WebSocketMediaStarted", "WebSocketMediaEnded"]);
})
