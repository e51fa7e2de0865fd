// Answering machine detection; read when AMD is first used. A detector is bound to a call by AMD.create({call}), as
// the `amd` option of an outgoing call, or by call.sendMediaTo(amd); who answered is Python's to say.
(function (V) {
  const { Promise, defineProperty, isFinite, list, mathFloor, mathRound, weakMapGet, weakMapSet } = V.prim;
  const { isObject } = V;

  const COMPLETE = "AMD.Events.DetectionComplete";
  const FAILED = "AMD.Events.DetectionError";
  const DEFAULT_TIMEOUT = 6500; // ms
  const LONGEST_TIMEOUT = 20000;

  const records = new V.prim.WeakMap(); // detector -> what is kept of it
  const byId = { __proto__: null };

  function timeoutOf(value) {
    if (value === undefined || value === null) return DEFAULT_TIMEOUT;
    const ms = +value;
    if (isFinite(ms) && ms >= 0 && ms <= LONGEST_TIMEOUT) return mathFloor(ms);
    V.warn("AMD.create: timeout must be 0 to " + LONGEST_TIMEOUT + " ms, got " + V.describe(value) + "; it is " + DEFAULT_TIMEOUT + " now");
    return DEFAULT_TIMEOUT;
  }

  // 0.7 (or, in old code, 70) as percent; 0 for what the detector thinks best.
  function percent(value) {
    if (value === undefined || value === null) return 0;
    const number = +value;
    if (!isFinite(number) || number < 0 || number > 100) return 0;
    return mathRound(number > 1 ? number : number * 100);
  }

  // The id of a call, undefined for anything else.
  const callId = (call) => (isObject(call) && V.labelOf(call) === "Call" ? V.unitId(call, "AMD") : undefined);

  // A detector: {amd, id, call, running, done}. `done` are functions that get the event that ends it.
  function make(wish, thresholds) {
    const id = V.newId("amd");
    const timeout = timeoutOf(wish.timeout);
    const amd = {};
    const record = { __proto__: null, amd, id, call: undefined, running: false, done: list() };
    weakMapSet(records, amd, record);
    byId[id] = record;
    defineProperty(amd, "call", { __proto__: null, get: () => record.call, enumerable: false, configurable: true });
    V.methods(amd, {
      __proto__: null,
      model: wish.model,
      timeout,
      id: () => id,
      detect: () => new Promise((resolve) => {
        record.done[record.done.length] = resolve;
        start(record);
      }),
    });
    V.emitter(amd, "AMD.AnsweringMachineDetector");
    V.register(id, amd);
    V.command("amd.create", id, { timeout, human: percent(thresholds.human), voicemail: percent(thresholds.voicemail) });
    return record;
  }

  function start(record) {
    if (record.running && record.asked) return;
    record.running = true;
    record.asked = record.call !== undefined;
    V.command("amd.detect", record.id, { call: record.asked ? callId(record.call) : "" });
  }

  function bind(record, call) {
    if (record.call !== undefined || callId(call) === undefined) return;
    record.call = call;
    if (record.running) start(record); // detect() came first
  }

  function finish(kind, id, data) {
    const record = byId[id];
    if (record === undefined) return;
    const event = { name: kind, amd: record.amd };
    if (record.call !== undefined) {
      event.call = record.call;
      event.callId = callId(record.call);
    }
    V.copyFields(event, data);
    const done = record.done;
    record.done = list();
    record.running = record.asked = false;
    V.dispatch(record.amd, kind, event);
    for (let i = 0; i < done.length; i++) done[i](event);
  }

  V.on(COMPLETE, (id, data) => finish(COMPLETE, id, data));
  V.on(FAILED, (id, data) => finish(FAILED, id, data));

  V.watchMedia((from, to, on) => {
    const record = on ? weakMapGet(records, to) : undefined;
    if (record) bind(record, from);
  });

  // callPSTN(number, callerid, {amd}), callUser({amd}), callSIP(uri, {amd}): detection begins by itself.
  V.dialPart((call, id, parameters) => {
    const record = isObject(parameters.amd) ? weakMapGet(records, parameters.amd) : undefined;
    if (!record) return;
    bind(record, call);
    start(record);
  });

  // For AI.detectVoicemail: `done(event)` gets DetectionComplete or DetectionError.
  V.detectAnswer = (call, thresholds, done) => {
    if (callId(call) === undefined) return false;
    const record = make({}, thresholds);
    record.call = call;
    record.done[0] = done;
    start(record);
    return true;
  };

  V.namespace("amd", "AMD", {
    create(parameters) {
      const wish = isObject(parameters) ? parameters : {};
      const record = make(wish, isObject(wish.thresholds) ? wish.thresholds : {});
      bind(record, wish.call);
      return record.amd;
    },
  });
})
