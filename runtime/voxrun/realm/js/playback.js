// What is to be played, in every form scenarios use, and the playback inside a call.
(function (V) {
  const { TypeError, isArray, objectKeys, stringToUpperCase } = V.prim;
  const { isObject, toText } = V;

  const SAY_OPTIONS = ["voice", "language", "ttsOptions", "request", "progressivePlayback", "onPause"];

  function hasAny(object, names) {
    for (let i = 0; i < names.length; i++) if (names[i] in object) return true;
    return false;
  }

  // A voice as the local speech understands it: the name of a list member, or the text given.
  function voiceName(value) {
    if (value === undefined || value === null) return "";
    return typeof value === "string" ? value : V.describe(value);
  }

  // The fields of an object, whatever it is to JSON.
  function fields(value) {
    const out = {};
    if (!isObject(value) || isArray(value)) return out;
    const names = objectKeys(value);
    for (let i = 0; i < names.length; i++) {
      if (typeof value[names[i]] !== "function") out[names[i]] = value[names[i]];
    }
    return out;
  }

  // (text, {voice, ttsOptions, ...}); the voice was called language once, and stood second by itself.
  V.phrase = function (text, voice, ttsOptions) {
    const p = isObject(voice) && hasAny(voice, SAY_OPTIONS)
      ? voice
      : { voice, ttsOptions };
    return {
      text: toText(text),
      voice: voiceName(p.voice !== undefined ? p.voice : p.language),
      options: fields(p.ttsOptions),
      progressive: !!p.progressivePlayback,
    };
  };

  // {loop, onPause, progressivePlayback}; in old code they are booleans in this order.
  V.playParameters = function (parameters, onPause, progressive) {
    const p = isObject(parameters) ? parameters : { loop: parameters, onPause, progressivePlayback: progressive };
    return { loop: !!p.loop, paused: !!p.onPause, progressive: !!p.progressivePlayback, p };
  };

  function body(value) {
    if (value === undefined || value === null) return {};
    if (V.isBytes(value)) return { bytes: V.base64Encode(value) };
    if (!isObject(value)) return { text: toText(value) };
    if (value.binary !== undefined && value.binary !== null) {
      return { bytes: V.base64Encode(V.isBytes(value.binary) ? value.binary : V.base64Decode(toText(value.binary))) };
    }
    if (value.text === undefined || value.text === null) return {};
    return { text: isObject(value.text) ? V.describe(value.text) : toText(value.text) };
  }

  // A URL, or {url, method, headers, body}.
  V.address = function (request, name) {
    const r = isObject(request) && !isArray(request) ? request : { url: request };
    const url = toText(r.url);
    if (!url) throw new TypeError(name + " needs a URL, got " + V.describe(request));
    const method = stringToUpperCase(toText(r.method) || "GET");
    if (method !== "GET" && method !== "POST") {
      throw new TypeError(name + ": the method is GET or POST, got " + V.describe(r.method));
    }
    return { url, method, headers: V.headerPairs(r.headers), body: body(r.body) };
  };

  V.callPart((call, id, { command }) => {
    V.methods(call, {
      __proto__: null,
      say(text, voice, ttsOptions) {
        command("say", V.phrase(text, voice, ttsOptions));
      },
      startPlayback(url, parameters) {
        const address = V.address(url, "call.startPlayback");
        const { loop, progressive } = V.playParameters(parameters);
        command("play", { ...address, loop, progressive });
      },
      stopPlayback() {
        command("stopplay");
      },
    });
  });
})
