// Calls that a scenario places, in all the forms that scenarios use: objects of today, positions of old.
(function (V) {
  const { TypeError } = globalThis;
  const keys = Object.keys;
  const { isObject, toHeaders, toText } = V;

  let attempts = 0;
  let firstCaller = ""; // caller id of the first incoming call, for followDiversion

  // One more call attempt of this session, in or out: false when the platform's limit is passed.
  function countAttempt() {
    return ++attempts <= V.boot.limits.calls;
  }

  V.incomingCall = function (id, facts) {
    countAttempt();
    firstCaller = firstCaller || facts.callerid;
    return V.makeCall(id, facts);
  };

  // Files after this one may look at what a call was placed with: part(call, id, parameters, kind).
  const parts = V.prim.list();
  V.dialPart = (part) => {
    parts[parts.length] = part;
  };

  const CLIENT_TYPES = { __proto__: null, whatsapp: "wab", conference: "user" };

  // The members of an options object that are plain values.
  function plain(value) {
    const out = {};
    if (!isObject(value)) return out;
    const names = keys(value);
    for (let i = 0; i < names.length; i++) {
      const one = value[names[i]];
      const type = typeof one;
      if (type === "string" || type === "number" || type === "boolean") out[names[i]] = one;
    }
    return out;
  }

  function needed(value, name) {
    const text = toText(value);
    if (!text) throw new TypeError("VoxEngine." + name + " needs a destination, got " + V.describe(value));
    return text;
  }

  // `wish`: callerid, displayName, headers, parameters (the options object, for what is read elsewhere).
  function dial(kind, name, destination, wish) {
    const id = V.newId("call");
    const facts = {
      incoming: false,
      callerid: toText(wish.callerid),
      displayName: toText(wish.displayName),
      number: needed(destination, name),
      clientType: CLIENT_TYPES[kind] || kind,
      headers: {},
      direct: wish.direct === true,
      conference: kind === "conference",
    };
    const call = V.makeCall(id, facts);
    const options = plain(wish.parameters);
    if (kind === "user" && V.pushTimeout !== undefined) options.push = V.pushTimeout(options.pushNotificationTimeout);
    V.command("call.dial", id, {
      kind,
      destination: facts.number,
      callerid: facts.callerid,
      displayName: facts.displayName,
      headers: toHeaders(wish.headers, "VoxEngine." + name),
      options,
      direct: facts.direct,
      allowed: countAttempt(),
    });
    for (let i = 0; i < parts.length; i++) parts[i](call, id, isObject(wish.parameters) ? wish.parameters : {}, kind);
    return call;
  }

  // The headers of an options object, whatever their name is in that call.
  function headersOf(parameters) {
    return parameters.extraHeaders || parameters.headers || parameters.customSipHeaders;
  }

  // (number, callerid[, {amd, followDiversion, ...}]); old: (number, callerid, displayName or null, headers).
  V.engine.callPSTN = function (number, callerid, parameters, oldHeaders) {
    const p = isObject(parameters) ? parameters : { displayName: parameters };
    return dial("pstn", "callPSTN", number, {
      callerid: p.followDiversion === true && firstCaller ? firstCaller : callerid,
      displayName: p.displayName,
      headers: isObject(oldHeaders) ? oldHeaders : headersOf(p),
      parameters: p,
    });
  };

  // ({username, callerid, ...}); old: (username, callerid, displayName, headers, video, scheme).
  V.engine.callUser = function (user, callerid, displayName, oldHeaders, video, scheme) {
    const p = isObject(user) ? user : { username: user, callerid, displayName, extraHeaders: oldHeaders, video, scheme };
    return dial("user", "callUser", p.username, {
      callerid: p.callerid,
      displayName: p.displayName,
      headers: headersOf(p),
      parameters: p,
    });
  };

  // (call, username, {callerid, displayName, ...}); old: (call, username, callerid, displayName, headers).
  V.engine.callUserDirect = function (incoming, username, parameters, displayName, oldHeaders) {
    if (!isObject(incoming) || typeof incoming.answerDirect !== "function") {
      throw new TypeError("VoxEngine.callUserDirect needs the incoming call first, got " + V.describe(incoming));
    }
    const p = isObject(parameters) ? parameters : { callerid: parameters, displayName, extraHeaders: oldHeaders };
    return dial("user", "callUserDirect", username, {
      callerid: p.callerid,
      displayName: p.displayName,
      headers: headersOf(p),
      parameters: p,
      direct: true,
    });
  };

  // (uri, {callerid, ...}); old: (uri, callerid, displayName, password, authUser, headers, video, outProxy).
  V.engine.callSIP = function (uri, parameters, displayName, password, authUser, headers, video, outProxy) {
    const p = isObject(parameters)
      ? parameters
      : { callerid: parameters, displayName, password, authUser, headers, video, outProxy };
    return dial("sip", "callSIP", uri, {
      callerid: p.callerid,
      displayName: p.displayName,
      headers: headersOf(p),
      parameters: p,
    });
  };

  // (id, callerid, displayName[, headers, scheme]), or one object of these.
  V.engine.callConference = function (conference, callerid, displayName, headers, scheme) {
    const p = isObject(conference)
      ? { ...conference, conferenceId: conference.conferenceId || conference.id }
      : { conferenceId: conference, callerid, displayName, headers, scheme };
    return dial("conference", "callConference", p.conferenceId, {
      callerid: p.callerid,
      displayName: p.displayName,
      headers: headersOf(p),
      parameters: p,
    });
  };

  // ({number, callerid, headers, disableDtxForAudio}).
  V.engine.callWhatsappUser = function (parameters, callerid) {
    const p = isObject(parameters) ? parameters : { number: parameters, callerid };
    return dial("whatsapp", "callWhatsappUser", p.number, {
      callerid: p.callerid,
      headers: headersOf(p),
      parameters: p,
    });
  };
})
