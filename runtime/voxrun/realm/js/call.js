// Call objects. The leg is Python's; what a scenario may ask at once (state, ids, numbers) is mirrored here.
(function (V) {
  const { Error, Number } = globalThis;
  const { isObject } = V;

  // Files after this one add what they bring to every call: part(call, id, about).
  const parts = V.prim.list();
  V.callPart = (part) => {
    parts[parts.length] = part;
  };

  const LONGEST_MESSAGE = 8192; // bytes of sendMessage and sendInfo
  const LONGEST_CUSTOM_DATA = 200; // bytes
  const { toHeaders, toText } = V;

  // What needs the media of a call, which in peer-to-peer calls does not pass here.
  const PEER_TO_PEER = "the media of a peer-to-peer call goes from device to device";
  const MEDIA = { __proto__: null };
  for (const kind of ["say", "play", "stopplay", "progress", "dtmf", "record", "beep", "mic", "tonescan", "statistics"]) MEDIA[kind] = true;

  // Events that take work or would come with every call: they are raised for those who listen.
  const WATCHED = { __proto__: null };
  for (const name of ["AudioQualityDetected", "StateChanged", "ToneDetected"]) WATCHED["Call." + name] = true;

  const TONE_TYPES = { __proto__: null, rfc2833: "1", inband: "2", info: "3" };

  function makeCall(id, facts) {
    let state = facts.incoming ? "ALERTING" : "PROGRESSING";
    let custom = facts.customData || "";
    let dead = false;
    let direct = facts.direct === true;
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
      if (direct && MEDIA[kind]) {
        V.warn(kind + " ignored: " + PEER_TO_PEER);
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
      command("reject", { code: value, headers: toHeaders(extraHeaders, "call." + name) });
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
          const text = toText(value);
          const size = V.utf8Length(text);
          if (size > LONGEST_CUSTOM_DATA) {
            V.warn("call.customData: " + size + " bytes, the platform keeps " + LONGEST_CUSTOM_DATA);
          }
          custom = text;
        }
        return custom;
      },
      answer(extraHeaders, parameters) {
        if (onlyIncoming("answer")) command("answer", { headers: toHeaders(extraHeaders, "call.answer") });
      },
      reject(code, extraHeaders) {
        reject(code, extraHeaders, "reject");
      },
      decline(code, extraHeaders) {
        reject(code, extraHeaders, "decline");
      },
      hangup(extraHeaders) {
        if (!dead) command("hangup", { headers: toHeaders(extraHeaders, "call.hangup") });
      },
      ring(extraHeaders) {
        if (!onlyIncoming("ring")) return;
        if (state === "ALERTING") state = "PROGRESSING";
        command("ring", { headers: toHeaders(extraHeaders, "call.ring") });
      },
      startEarlyMedia(extraHeaders) {
        if (!onlyIncoming("startEarlyMedia")) return;
        if (state === "ALERTING") state = "PROGRESSING";
        command("earlymedia", { headers: toHeaders(extraHeaders, "call.startEarlyMedia") });
      },
      handleTones(on, type) {
        command("tones", { on: on !== false, type: toText(type === undefined ? "0" : type) });
      },
      handleMicStatus(on) {
        command("mic", { on: on !== false });
      },
      sendDigits(digits) {
        const text = toText(digits);
        for (let i = 0; i < text.length; i++) {
          if (V.text.indexOf("0123456789*#ABCDpP", text[i]) < 0) {
            throw new Error("call.sendDigits: '" + text[i] + "' is no digit; it takes 0-9 * # and p for a pause");
          }
        }
        if (text) command("dtmf", { digits: text });
      },
      sendMessage(text) {
        tooLong("sendMessage", toText(text));
        command("message", { text: toText(text) });
      },
      sendInfo(mimeType, body, extraHeaders) {
        tooLong("sendInfo", toText(body));
        command("info", { mime: toText(mimeType), body: toText(body), headers: toHeaders(extraHeaders, "call.sendInfo") });
      },
    });
    V.mediaUnit(
      call,
      id,
      () => (dead ? "the call is over" : direct ? PEER_TO_PEER : ""),
      () => !facts.incoming && state !== "CONNECTED",
    );
    V.methods(call, { __proto__: null, is_conf: facts.conference === true });
    V.emitter(call, "Call", (name) => {
      if (WATCHED[name] && !dead) V.command("call.watch", id, { event: name });
    });
    const about = {
      __proto__: null,
      facts,
      command,
      onlyIncoming,
      state: () => state,
      dead: () => dead,
      direct: (now) => (now === true ? (direct = true) : direct),
    };
    for (let i = 0; i < parts.length; i++) parts[i](call, id, about);
    V.register(id, call);
    V.hook(id, (kind, data) => {
      if (kind === "Call.Connected") {
        state = "CONNECTED";
        if (data.customData) custom = data.customData;
      } else if (kind === "Call.StateChanged") {
        state = data.newState;
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

  V.makeCall = makeCall;
})
