// Player objects: VoxEngine.createTTSPlayer, createURLPlayer, createToneScriptPlayer, createSequencePlayer.
(function (V) {
  const { Error, Number, TypeError, isArray, isFinite, mathRound, list, objectCreate, stringEndsWith } = V.prim;
  const { JSONstringify } = V.prim;
  const { isObject, toText } = V;

  const MOST_MARKERS = 1000;
  const MOST_SEGMENTS = 100;
  const LATEST = 24 * 3600 * 1000; // ms from the beginning or the end
  const PLATFORM_PLAYERS = 10;

  const BasePlayer = V.classOf("BasePlayer", "VoxEngine.createURLPlayer");
  const Player = V.classOf("Player", "VoxEngine.createURLPlayer", BasePlayer);
  const SequencePlayer = V.classOf("SequencePlayer", "VoxEngine.createSequencePlayer");

  let live = 0; // made, and neither stopped nor played to the end
  let made = 0;

  function checkCount() {
    const most = V.boot.limits.players;
    if (live >= most) {
      V.limit("players", "a session may have " + most + " media players at a time (the platform's figure is " + PLATFORM_PLAYERS + "); stop() those that are done with");
    }
    if (++made === PLATFORM_PLAYERS + 1) {
      V.warn("this session makes more than " + PLATFORM_PLAYERS + " media players. The platform's limit is " + PLATFORM_PLAYERS + " a session; whether those count that are over is not documented, and here they do not");
    }
  }

  function milliseconds(offset) {
    const value = Number(offset);
    if (!isFinite(value) || value > LATEST || value < -LATEST) {
      throw new TypeError("addMarker needs an offset in milliseconds, got " + V.describe(offset));
    }
    return mathRound(value);
  }

  const KINDS = {
    __proto__: null,
    Player: { Class: Player, field: "player" },
    SequencePlayer: { Class: SequencePlayer, field: "sequencePlayer" },
  };

  // `segmentOf(segment)` gives the number of a sequence's segment, -1 for the whole.
  function make(label, what, segmentOf) {
    checkCount();
    const id = V.newId("player");
    V.command("player.create", id, what); // throws for options that are no JSON
    live++;
    const player = objectCreate(KINDS[label].Class.prototype);
    const field = KINDS[label].field;
    let finished = false;
    let stopped = false;
    let markers = 0;

    function command(name, data) {
      if (stopped) V.warn(name + "() ignored: the player was stopped");
      else V.command("player." + name, id, data || {});
    }

    function mark(offset, segment) {
      const data = { offset: milliseconds(offset), segment };
      if (++markers > MOST_MARKERS) throw new Error("addMarker: a player has at most " + MOST_MARKERS + " markers");
      command("marker", data);
    }

    V.methods(player, {
      __proto__: null,
      id: () => id,
      pause: () => command("pause"),
      resume: () => command("resume"),
      stop() {
        if (stopped) return; // scenarios stop in several handlers
        command("stop");
        stopped = true;
        if (!finished) live--;
      },
      addMarker: segmentOf ? (offset, segment) => mark(offset, segmentOf(segment)) : (offset) => mark(offset, -1),
    });
    V.mediaUnit(player, id, () => (stopped ? "the player was stopped" : ""));
    V.emitter(player, label);
    V.register(id, player);
    V.hook(id, (kind) => {
      if (stringEndsWith(kind, ".PlaybackFinished") && !finished) {
        finished = true;
        if (!stopped) live--;
      }
      return { [field]: player };
    });
    return player;
  }

  function ttsPlayer(text, voice, ttsOptions) {
    const paused = isObject(voice) ? !!voice.onPause : false;
    return make("Player", { kind: "tts", ...V.phrase(text, voice, ttsOptions), paused });
  }

  // hideHeaders and hideBody name what stays out of the session's files.
  function urlPlayer(request, parameters, onPause, progressive) {
    const address = V.address(request, "VoxEngine.createURLPlayer");
    const options = V.playParameters(parameters, onPause, progressive);
    const hide = list();
    if (options.p.hideHeaders) hide[hide.length] = "headers";
    if (options.p.hideBody) hide[hide.length] = "body";
    const { loop, paused } = options;
    const what = { kind: "url", ...address, loop, paused, progressive: options.progressive };
    return make("Player", hide.length ? { ...what, hide } : what);
  }

  function tonePlayer(script, parameters, onPause) {
    const text = toText(script);
    if (!text) throw new TypeError("VoxEngine.createToneScriptPlayer needs a ToneScript like \"350@-19,440@-19;10(*/0/1+2)\", got " + V.describe(script));
    const { loop, paused } = V.playParameters(parameters, onPause);
    return make("Player", { kind: "tone", script: text, loop, paused });
  }

  function segmentData(segment) {
    const name = "VoxEngine.createSequencePlayer: a segment";
    if (isObject(segment) && segment.text !== undefined) return { kind: "tts", ...V.phrase(segment.text, segment.parameters) };
    if (!isObject(segment) || segment.url === undefined) {
      throw new TypeError(name + " is {text, parameters?} or {url, parameters?}, got " + V.describe(segment));
    }
    const { loop } = V.playParameters(isObject(segment.parameters) ? segment.parameters : undefined);
    return { kind: "url", ...V.address(segment, name), loop };
  }

  function sequencePlayer(parameters) {
    const segments = isArray(parameters) ? parameters : isObject(parameters) ? parameters.segments : undefined;
    if (!isArray(segments) || segments.length === 0 || segments.length > MOST_SEGMENTS) {
      throw new TypeError("VoxEngine.createSequencePlayer needs {segments: [...]} with 1 to " + MOST_SEGMENTS + " segments, got " + V.describe(parameters));
    }
    const given = list();
    const data = list();
    for (let i = 0; i < segments.length; i++) {
      given[i] = segments[i];
      data[i] = segmentData(segments[i]);
    }

    // A segment by itself, by one that looks the same, or by its number from 0; none is the whole sequence.
    function segmentOf(segment) {
      if (segment === undefined || segment === null) return -1;
      for (let i = 0; i < given.length; i++) if (given[i] === segment) return i;
      if (isObject(segment)) {
        const text = JSONstringify(segment);
        for (let i = 0; i < given.length; i++) if (JSONstringify(given[i]) === text) return i;
      } else if (segment >= 0 && segment < given.length) {
        return mathRound(Number(segment));
      }
      throw new TypeError("addMarker: " + V.describe(segment) + " is no segment of this sequence");
    }

    return make("SequencePlayer", { kind: "sequence", segments: data, paused: !!parameters.onPause }, segmentOf);
  }

  V.engine.createTTSPlayer = ttsPlayer;
  V.engine.createURLPlayer = urlPlayer;
  V.engine.createToneScriptPlayer = tonePlayer;
  V.engine.createSequencePlayer = sequencePlayer;
  V.expose("BasePlayer", BasePlayer);
  V.expose("Player", Player);
  V.expose("SequencePlayer", SequencePlayer);
})
