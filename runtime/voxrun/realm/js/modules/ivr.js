// Modules.IVR: menus by keys, over call.say, call.startPlayback and call.handleTones as on the platform.
//
// A state plays its prompt and collects keys. Keys count while the prompt plays, and end it; the timeout counts
// from the end of the prompt, and anew from each key. A state is left before its callback runs, so that the
// callback may enter another state, or the same one again.
(function (V) {
  const { Map, RegExp, TypeError, hasOwn, isFinite, mapDelete, mapGet, mapSet, regExpExec } = V.prim;
  const { isObject } = V;

  const DEFAULT_TIMEOUT = 5000; // ms
  const TYPES = { __proto__: null, select: true, inputfixed: true, inputunknown: true, noinput: true };
  const IVR = { ttsOptions: undefined };
  let active = new Map(); // call -> its visit of the state that it is in

  const isState = (value) => isObject(value) && typeof value.enter === "function";

  function leave(visit) {
    mapDelete(active, visit.call);
    V.clearTimeout(visit.timer);
  }

  const isIn = (visit) => mapGet(active, visit.call) === visit;

  // Where the caller goes with this input, if anywhere. The platform names nextStates for menus and nextState
  // for prompts; where a state that collects keys has no callback, nextState is what was meant.
  function nextOf(visit) {
    const { settings, input, state } = visit;
    if (settings.type === "noinput") return settings.nextState;
    if (settings.type === "select" && isObject(settings.nextStates) && hasOwn(settings.nextStates, input)) {
      return settings.nextStates[input];
    }
    return typeof state.complete === "function" ? undefined : settings.nextState;
  }

  function complete(visit) {
    leave(visit);
    visit.shown.input = visit.input;
    const next = nextOf(visit);
    if (isState(next)) next.enter(visit.call);
    else if (typeof visit.state.complete === "function") visit.state.complete(visit.input);
  }

  function timeOut(visit) {
    leave(visit);
    visit.shown.input = visit.input;
    if (typeof visit.state.timeOut === "function") visit.state.timeOut(visit.input);
  }

  // Whether all keys are there. The one that ends an input is part of it, as on the platform.
  function isComplete(settings, input, key) {
    if (settings.type === "select") return true;
    if (settings.type === "inputfixed") return input.length >= (+settings.inputLength || 1);
    if (settings.terminateOn && V.text.indexOf("" + settings.terminateOn, key) >= 0) return true;
    const validator = settings.inputValidator;
    if (typeof validator === "function") return !!validator(input);
    return validator instanceof RegExp && regExpExec(validator, input) !== null;
  }

  function wait(visit) {
    V.clearTimeout(visit.timer);
    const { timeout } = visit.settings;
    const wished = timeout === undefined || timeout === null ? DEFAULT_TIMEOUT : +timeout;
    visit.timer = V.setTimeout(() => timeOut(visit), isFinite(wished) && wished >= 0 ? wished : DEFAULT_TIMEOUT);
  }

  function promptOver(visit) {
    visit.prompting = visit.started = false;
    if (visit.settings.type === "noinput") complete(visit);
    else wait(visit);
  }

  function play(call, prompt) {
    const voice = prompt.lang !== undefined ? prompt.lang : prompt.voice;
    if (prompt.say) call.say("" + prompt.say, { voice, ttsOptions: IVR.ttsOptions });
    else if (prompt.play) call.startPlayback(prompt.play);
    else return false;
    return true;
  }

  function enter(shown, state, call) {
    const name = "IVRState " + V.describe(shown.name);
    if (!isObject(call) || V.labelOf(call) !== "Call") {
      throw new TypeError(name + ": enter() needs a call, got " + V.describe(call));
    }
    const settings = isObject(shown.settings) ? shown.settings : {};
    if (TYPES[settings.type] === undefined) {
      const got = V.describe(settings.type);
      throw new TypeError(name + ": type must be select, inputfixed, inputunknown or noinput, got " + got);
    }
    const before = mapGet(active, call);
    if (before !== undefined) leave(before);
    const visit = {
      __proto__: null, call, shown, state, settings, where: V.position(), input: "", timer: 0,
      prompting: true, // the prompt is to be heard, or being heard
      started: false, // it is being heard
    };
    mapSet(active, call, visit);
    if (settings.type !== "noinput") call.handleTones(true);
    if (!play(call, isObject(settings.prompt) ? settings.prompt : {})) promptOver(visit);
  }

  const handlers = {
    __proto__: null,
    "Call.PlaybackStarted"(visit) {
      visit.started = visit.prompting;
    },
    "Call.PlaybackFinished"(visit, data) {
      // What began to play before the state was entered may end after it.
      if (!visit.prompting || !(visit.started || data.error)) return;
      if (data.error) V.warn("IVRState: the prompt could not be played: " + data.error);
      promptOver(visit);
    },
    "Call.ToneReceived"(visit, data) {
      if (visit.settings.type === "noinput") return;
      if (visit.prompting) visit.call.stopPlayback();
      visit.prompting = false;
      visit.input += data.tone;
      const done = isComplete(visit.settings, visit.input, data.tone);
      if (!isIn(visit)) return; // a validator entered another state
      if (done) complete(visit);
      else wait(visit);
    },
    "Call.Disconnected": leave,
    "Call.Failed": leave,
  };

  V.watchEvents((object, kind, data) => {
    const handler = handlers[kind];
    const visit = handler === undefined ? undefined : mapGet(active, object);
    if (visit !== undefined) V.run(() => handler(visit, data), undefined, kind, visit.where);
  });

  function IVRState(name, settings, onInputComplete, onInputTimeout) {
    if (new.target === undefined) throw new TypeError("IVRState is a class: write new IVRState(...)");
    this.name = name;
    this.settings = settings;
    this.input = "";
    const state = { __proto__: null, complete: onInputComplete, timeOut: onInputTimeout };
    V.methods(this, {
      __proto__: null,
      enter: (call) => {
        enter(this, state, call);
      },
    });
  }

  // Leaves every state: keys and prompts of calls mean nothing any more.
  IVR.reset = () => {
    const before = active;
    active = new Map();
    V.prim.mapForEach(before, (visit) => V.clearTimeout(visit.timer));
  };

  V.namespace("ivr", "IVR", IVR);
  V.namespace("ivr", "IVRState", IVRState);
})
