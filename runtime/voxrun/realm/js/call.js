// Call objects. The leg is Python's; what a scenario may ask at once (state, ids, numbers) is mirrored here.
(function (V) {
  const { Error, TypeError, Number, Map } = globalThis;
  const uncurry = (method) => Function.prototype.call.bind(method);
  const keys = Object.keys;
  const isArray = Array.isArray;
  const { isObject } = V;

  // Files after this one add what they bring to every call: part(call, id, about).
  const parts = V.prim.list();
  V.callPart = (part) => {
    parts[parts.length] = part;
  };

  const LONGEST_MESSAGE = 8192; // bytes of sendMessage and sendInfo
  const LONGEST_CUSTOM_DATA = 200; // bytes

  // {name: value} with strings, whatever was given; null and undefined are no headers.
  function headers(value) {
    const out = {};
    if (!isObject(value) || isArray(value)) return out;
    const names = keys(value);
    for (let i = 0; i < names.length; i++) {
      const one = value[names[i]];
      if (one !== undefined && one !== null) out[names[i]] = V.describe(one);
    }
    return out;
  }

  const string = (value) => (value === undefined || value === null ? "" : "" + value);

  const TONE_TYPES = { __proto__: null, rfc2833: "1", inband: "2", info: "3" };

  function makeCall(id, facts) {
    let state = facts.incoming ? "ALERTING" : "PROGRESSING";
    let custom = facts.customData || "";
    let dead = false;
    const call = {};

    function tooLong(name, text) {
      const size = V.utf8Length(text);
      if (size > LONGEST_MESSAGE) {
        throw new Error("call." + name + ": " + size + " bytes, the limit is " + LONGEST_MESSAGE);
      }
    }

    function command(kind, data) {
      if (dead) {
        V.warn(kind + " ignored: the call is over");
        return;
      }
      V.command("call." + kind, id, data || {});
    }

    function onlyIncoming(name) {
      if (facts.incoming) return true;
      V.warn("call." + name + "() ignored: it is for incoming calls, and this call is outgoing");
      return false;
    }

    function reject(code, extraHeaders, name) {
      if (!onlyIncoming(name)) return;
      const value = code === undefined || code === null ? 603 : Number(code);
      if (!(value >= 300 && value <= 699)) {
        throw new Error("call." + name + ": the code must be 300 to 699, got " + V.describe(code));
      }
      command("reject", { code: value, headers: headers(extraHeaders) });
    }

    V.methods(call, {
      __proto__: null,
      state: () => state,
      toString: () => "Call " + id,
      id: () => id,
      incoming: () => facts.incoming,
      callerid: () => facts.callerid,
      displayName: () => facts.displayName,
      number: () => facts.number,
      clientType: () => facts.clientType,
      headers: () => ({ ...facts.headers }),
      vad: () => false,
      customData(value) {
        if (value !== undefined) {
          const text = string(value);
          const size = V.utf8Length(text);
          if (size > LONGEST_CUSTOM_DATA) {
            V.warn("call.customData: " + size + " bytes, the platform keeps " + LONGEST_CUSTOM_DATA);
          }
          custom = text;
        }
        return custom;
      },
      answer(extraHeaders, parameters) {
        if (onlyIncoming("answer")) command("answer", { headers: headers(extraHeaders) });
      },
      reject(code, extraHeaders) {
        reject(code, extraHeaders, "reject");
      },
      decline(code, extraHeaders) {
        reject(code, extraHeaders, "decline");
      },
      hangup(extraHeaders) {
        if (!dead) command("hangup", { headers: headers(extraHeaders) });
      },
      ring(extraHeaders) {
        if (!onlyIncoming("ring")) return;
        if (state === "ALERTING") state = "PROGRESSING";
        command("ring", { headers: headers(extraHeaders) });
      },
      startEarlyMedia(extraHeaders) {
        if (!onlyIncoming("startEarlyMedia")) return;
        if (state === "ALERTING") state = "PROGRESSING";
        command("earlymedia", { headers: headers(extraHeaders) });
      },
      handleTones(on, type) {
        command("tones", { on: on !== false, type: string(type === undefined ? "0" : type) });
      },
      handleMicStatus(on) {
        command("mic", { on: on !== false });
      },
      sendDigits(digits) {
        const text = string(digits);
        for (let i = 0; i < text.length; i++) {
          if (V.text.indexOf("0123456789*#ABCDpP", text[i]) < 0) {
            throw new Error("call.sendDigits: '" + text[i] + "' is no digit; it takes 0-9 * # and p for a pause");
          }
        }
        if (text) command("dtmf", { digits: text });
      },
      sendMessage(text) {
        tooLong("sendMessage", string(text));
        command("message", { text: string(text) });
      },
      sendInfo(mimeType, body, extraHeaders) {
        tooLong("sendInfo", string(body));
        command("info", { mime: string(mimeType), body: string(body), headers: headers(extraHeaders) });
      },
      record(parameters) {
        const p = isObject(parameters) ? parameters : {};
        command("record", {
          stereo: !!p.stereo,
          hd: !!p.hd_audio,
          lossless: !!p.lossless,
          name: string(p.name),
          prefix: string(p.recordNamePrefix),
          transcribe: !!p.transcribe,
        });
      },
    });
    V.mediaUnit(call, id, () => {
      if (dead) return "the call is over";
      return facts.incoming || state === "CONNECTED" ? "" : "the outgoing call is not connected yet";
    });
    V.emitter(call, "Call");
    const about = { __proto__: null, facts, command, state: () => state, dead: () => dead };
    for (let i = 0; i < parts.length; i++) parts[i](call, id, about);

    V.register(id, call);
    V.hook(id, (kind, data) => {
      if (kind === "Call.Connected") {
        state = "CONNECTED";
        if (data.customData) custom = data.customData;
      } else if (kind === "Call.Disconnected" || kind === "Call.Failed") {
        state = "TERMINATED";
        dead = true;
      } else if (kind === "Call.ToneReceived") {
        data.type = TONE_TYPES[data.type] || "1";
      }
      return { call, id };
    });
    return call;
  }

  let attempts = 0;

  // One more call attempt of this session, in or out: false when the platform's limit is passed.
  function countAttempt() {
    return ++attempts <= V.boot.limits.calls;
  }

  const dialParts = V.prim.list();
  V.dialPart = (part) => {
    dialParts[dialParts.length] = part;
  };

  function dial(kind, destination, wish) {
    const id = V.newId("call");
    const facts = {
      incoming: false,
      callerid: string(wish.callerid),
      displayName: string(wish.displayName),
      number: destination,
      clientType: kind === "whatsapp" ? "wab" : kind === "conference" ? "user" : kind,
      headers: {},
    };
    const call = makeCall(id, facts);
    V.command("call.dial", id, {
      kind,
      destination,
      callerid: facts.callerid,
      displayName: facts.displayName,
      headers: headers(wish.headers),
      options: wish.options || {},
      allowed: countAttempt(),
    });
    for (let i = 0; i < dialParts.length; i++) dialParts[i](call, id, wish.parameters || {});
    return call;
  }

  const plain = (value) => {
    const out = {};
    if (!isObject(value)) return out;
    const names = keys(value);
    for (let i = 0; i < names.length; i++) {
      const one = value[names[i]];
      const type = typeof one;
      if (type === "string" || type === "number" || type === "boolean") out[names[i]] = one;
    }
    return out;
  };

  function needed(value, name) {
    const text = string(value);
    if (!text) throw new TypeError("VoxEngine." + name + " needs a destination, got " + V.describe(value));
    return text;
  }

  // The third or fourth argument was headers in old code and is an options object today.
  V.callPSTN = function (number, callerid, parameters, oldHeaders) {
    return dial("pstn", needed(number, "callPSTN"), {
      callerid,
      headers: isObject(oldHeaders) ? oldHeaders : isObject(parameters) ? parameters.headers || parameters.extraHeaders : undefined,
      options: plain(parameters),
      parameters,
    });
  };

  V.callUser = function (user, callerid, displayName, oldHeaders) {
    const wish = isObject(user)
      ? { name: user.username, callerid: user.callerid, displayName: user.displayName, headers: user.extraHeaders || user.headers, options: plain(user), parameters: user }
      : { name: user, callerid, displayName, headers: oldHeaders };
    return dial("user", needed(wish.name, "callUser"), wish);
  };

  V.callSIP = function (uri, parameters, ...old) {
    const p = isObject(parameters)
      ? parameters
      : { callerid: parameters, displayName: old[0], password: old[1], authUser: old[2], headers: old[3], outProxy: old[5] };
    return dial("sip", needed(uri, "callSIP"), {
      callerid: p.callerid,
      displayName: p.displayName,
      headers: p.headers || p.extraHeaders,
      options: plain(p),
      parameters: p,
    });
  };

  V.callWhatsappUser = function (parameters) {
    const p = isObject(parameters) ? parameters : { number: parameters };
    return dial("whatsapp", needed(p.number, "callWhatsappUser"), { callerid: p.callerid, headers: p.headers, options: plain(p) });
  };

  V.engine.callConference = function (name, callerid, displayName, extraHeaders) {
    return dial("conference", needed(name, "callConference"), { callerid, displayName, headers: extraHeaders });
  };

  V.incomingCall = function (id, facts) {
    countAttempt();
    return makeCall(id, facts);
  };
  V.toHeaders = headers;
  V.toText = string;
})
