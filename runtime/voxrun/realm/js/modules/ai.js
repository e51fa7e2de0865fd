// Modules.AI: the old way to ask whether a machine answered. Dialogflow is Google's and not here.
(function (V) {
  const { Promise, TypeError, promiseReject } = V.prim;

  const DETECTED = "AI.Events.VoicemailDetected";
  const NOT_DETECTED = "AI.Events.VoicemailNotDetected";
  const AI = {};
  V.loadModule("amd");

  // The promise resolves either way, with the event that listeners of the call get: much code does not catch.
  AI.detectVoicemail = (call, parameters) => {
    const threshold = V.isObject(parameters) ? parameters.threshold : undefined;
    let settle;
    const promise = new Promise((resolve) => {
      settle = resolve;
    });
    const begun = V.detectAnswer(call, { voicemail: threshold }, (result) => {
      const found = result.resultClass === "VOICEMAIL";
      const name = found ? DETECTED : NOT_DETECTED;
      const event = found ? { name, call, confidence: result.confidence } : { name, call };
      V.dispatch(call, name, event);
      settle(event);
    });
    return begun ? promise : promiseReject(new TypeError("AI.detectVoicemail needs a call, got " + V.describe(call)));
  };
  V.namespace("ai", "AI", AI);
})
