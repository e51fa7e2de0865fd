// Helpers that put two calls through: easyProcess, forwardCallTo..., playSoundAndHangup. They use what every
// scenario has, and look it up when a call comes: a scenario may replace VoxEngine.easyProcess.
(function (V) {
  const { TypeError } = globalThis;
  const { isObject } = V;

  const isFunction = (value) => typeof value === "function";
  const engine = () => V.lookup(""); // VoxEngine
  const end = () => V.terminate();

  function onCall(handler) {
    V.listen(engine(), "Application.CallAlerting", handler);
  }

  function needsCall(call, name) {
    if (isObject(call) && isFunction(call.addEventListener) && isFunction(call.hangup)) return;
    throw new TypeError("VoxEngine." + name + " needs two calls, got " + V.describe(call));
  }

  // The telephone network knows nothing of the re-INVITEs with which SDKs tell each other of holds.
  const takesReInvites = (call) => isFunction(call.reInvite) && call.clientType() !== "pstn";

  // What happens on `one` is done to `other`.
  function relay(one, other) {
    V.listen(one, "Call.MessageReceived", (e) => other.sendMessage(e.text));
    V.listen(one, "Call.InfoReceived", (e) => other.sendInfo(e.mimeType, e.body, e.headers));
    V.listen(one, "Call.ReInviteReceived", (e) => {
      if (e.mimeType === "application/json" && !takesReInvites(other)) {
        one.acceptReInvite(e.headers, e.mimeType, e.body);
      } else other.reInvite(e.headers, e.mimeType, e.body);
    });
    V.listen(one, "Call.ReInviteAccepted", (e) => other.acceptReInvite(e.headers, e.mimeType, e.body));
    V.listen(one, "Call.ReInviteRejected", (e) => other.rejectReInvite(e.headers, { code: e.code, reason: e.reason }));
    V.listen(one, "Call.Failed", end);
    V.listen(one, "Call.Disconnected", end);
  }

  // The incoming `call1` rings while the outgoing `call2` does, is answered when that is, and ends with it.
  V.engine.easyProcess = function (call1, call2, onEstablished, direct) {
    needsCall(call1, "easyProcess");
    needsCall(call2, "easyProcess");
    V.listen(call2, "Call.Ringing", () => call1.ring());
    V.listen(call2, "Call.AudioStarted", (e) => call1.startEarlyMedia(null, e.scheme));
    V.listen(call2, "Call.Connected", (e) => {
      if (direct) call1.answerDirect(call2, e.headers);
      else call1.answer(e.headers, { displayName: call2.displayName() });
    });
    if (!direct) V.sendMediaBetween(call1, call2);
    if (isFunction(onEstablished)) V.listen(call1, "Call.Connected", () => onEstablished(call1, call2));
    relay(call1, call2);
    relay(call2, call1);
  };

  V.engine.forwardCallToPSTN = function (numberTransform, onEstablished, options) {
    onCall((e) => {
      const number = isFunction(numberTransform) ? numberTransform(e.destination) : e.destination;
      const callerid = isObject(options) && options.callerid ? options.callerid : e.callerid;
      engine().easyProcess(e.call, engine().callPSTN(number, callerid, options), onEstablished);
    });
  };

  V.engine.forwardCallToUser = function (onEstablished, video) {
    onCall((e) => {
      const call = engine().callUser(e.destination, e.callerid, e.displayName, null, video, e.scheme);
      engine().easyProcess(e.call, call, onEstablished);
    });
  };

  V.engine.forwardCallToUserDirect = function (onEstablished) {
    onCall((e) => {
      const call = engine().callUserDirect(e.call, e.destination, e.callerid, e.displayName, null);
      engine().easyProcess(e.call, call, onEstablished, true);
    });
  };

  V.engine.forwardCallToSIP = function (onEstablished, video) {
    onCall((e) => {
      const call = engine().callSIP(e.toURI, e.callerid, e.displayName, null, null, null, video);
      engine().easyProcess(e.call, call, onEstablished);
    });
  };

  V.engine.playSoundAndHangup = function (fileURL) {
    onCall(({ call }) => {
      V.listen(call, "Call.Connected", () => call.startPlayback(fileURL));
      V.listen(call, "Call.PlaybackFinished", end);
      V.listen(call, "Call.Failed", end);
      V.listen(call, "Call.Disconnected", end);
      call.answer();
    });
  };
})
