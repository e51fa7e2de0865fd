// call.record and Recorder objects: VoxEngine.createRecorder. The files are Python's.
(function (V) {
  const { TypeError, isArray, list, objectCreate, stringToLowerCase } = V.prim;
  const { isObject, toText } = V;

  const Recorder = V.classOf("Recorder", "VoxEngine.createRecorder");
  const ConferenceRecorder = V.classOf("ConferenceRecorder", "VoxEngine.createRecorder", Recorder);

  const LONGEST = 200; // characters of a name, a label or a hint
  const MOST_HINTS = 5000;
  const AUDIO = { __proto__: null, mp3: true, flac: true, wav: true };

  // The platform wants the module required for createRecorder. Scenarios that forget it are told.
  let required = false;
  const load = V.loadModule;
  V.loadModule = (id) => {
    if (id === "recorder") required = true;
    return load(id);
  };

  const short = (value) => V.text.slice(value === undefined || value === null ? "" : V.describe(value), 0, LONGEST);

  function texts(value, most) {
    const out = list();
    for (let i = 0; isArray(value) && i < value.length && out.length < most; i++) out[i] = short(value[i]);
    return out;
  }

  let videoTold = false;

  function wishOf(p, name) {
    if ((p.video || p.videoParameters) && !videoTold) {
      videoTold = true;
      V.warn(name + ": calls here have audio only, so the recording has too");
    }
    const format = stringToLowerCase(short(p.format)); // of the transcript on the platform; "wav" is found in the wild
    const language = p.language !== undefined ? p.language : p.profile;
    return {
      stereo: !!p.stereo,
      hd: !!p.hd_audio,
      lossless: !!p.lossless,
      format: AUDIO[format] ? format : "",
      file: short(p.contentDispositionFilename),
      name: short(p.name),
      prefix: short(p.recordNamePrefix),
      expire: short(p.expire),
      transcribe: !!p.transcribe,
      language: short(language),
      hints: texts(p.dict, MOST_HINTS),
      labels: texts(p.labels, 2),
      json: format === "json",
    };
  }

  // `members` adds those that only some recorders have.
  function makeRecorder(id, label, members) {
    const recorder = objectCreate((label === "Recorder" ? Recorder : ConferenceRecorder).prototype);
    let stopped = false;
    V.methods(recorder, {
      __proto__: null,
      id: () => id,
      mute(doMute) {
        if (stopped) V.warn("mute() ignored: the recorder was stopped");
        else V.command("recorder.mute", id, { on: doMute !== false });
      },
      stop() {
        if (stopped) return; // scenarios stop in several handlers
        stopped = true;
        V.command("recorder.stop", id, {});
      },
    });
    if (members) members(recorder);
    V.emitter(recorder, label);
    V.register(id, recorder);
    V.hook(id, () => ({ recorder }));
    return recorder;
  }

  // Members of a ConferenceRecorder. Which recorders are one is not documented, so all that are created have
  // them. What they do with pictures is accepted and does nothing.
  function addConferenceMembers(recorder) {
    let conference;
    let priority = list();
    const noPictures = (name) => V.warn("recorder." + name + ": it arranges pictures, and recordings here have audio only");
    V.methods(recorder, {
      __proto__: null,
      setConference(unit) {
        if (conference) conference.stopMediaTo(recorder);
        V.unitId(unit, "recorder.setConference");
        conference = unit;
        unit.sendMediaTo(recorder);
      },
      setPriority(endpoints) {
        noPictures("setPriority");
        priority = list();
        for (let i = 0; isArray(endpoints) && i < endpoints.length; i++) priority[i] = endpoints[i];
        return V.prim.promiseResolve(undefined);
      },
      getPriority: () => V.prim.arraySlice(priority),
      update(parameters) {
        noPictures("update");
      },
    });
  }

  // (parameters), in old code (name, secure).
  V.engine.createRecorder = function (parameters) {
    if (!required) {
      required = true; // said once
      V.warn("VoxEngine.createRecorder: the platform wants require(Modules.Recorder) first");
    }
    const p = isObject(parameters) ? parameters : { name: parameters };
    const id = V.newId("recorder");
    V.command("recorder.create", id, wishOf(p, "VoxEngine.createRecorder"));
    return makeRecorder(id, p.video || p.videoParameters ? "ConferenceRecorder" : "Recorder", addConferenceMembers);
  };

  V.callPart((call, id, { command }) => {
    V.methods(call, {
      __proto__: null,
      record(parameters) {
        const recorder = V.newId("recorder");
        const wish = wishOf(isObject(parameters) ? parameters : {}, "call.record");
        command("record", { ...wish, recorder });
        return makeRecorder(recorder, "Recorder");
      },
    });
  });

  // An event of a call's recording is one of the recorder too that call.record gave.
  function told(what) {
    const kind = "Call.Record" + what;
    V.on(kind, (target, data) => {
      const { recorder: id, ...fields } = data;
      V.deliver(kind, target, fields);
      const recorder = V.lookup(id);
      const name = "Recorder." + what;
      if (recorder) V.dispatch(recorder, name, { name, recorder, ...fields });
    });
  }
  told("Started");
  told("Stopped");
  told("Error");

  V.expose("Recorder", Recorder);
  V.expose("ConferenceRecorder", ConferenceRecorder);
})
