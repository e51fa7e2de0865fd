// A reminder of a call list: the row is the custom data, the answering machine is hung up on, the outcome is
// reported with VoxEngine.terminate as the callback.
require(Modules.CallList);
require(Modules.AI);
require("calllist");

var row = JSON.parse(VoxEngine.customData());
var call, confirmed = false;

VoxEngine.addEventListener(AppEvents.Started, function (e) {
  call = VoxEngine.callPSTN(row.phone, "+15551111");
  call.addEventListener(CallEvents.AudioStarted, function () {
    AI.detectVoicemail(call)
      .then(voicemail)
      .catch(function () { Logger.write("no machine"); });
  });
  call.addEventListener(CallEvents.Connected, connected);
  call.addEventListener(CallEvents.Disconnected, function (ev) {
    CallList.reportResult({ result: true, duration: ev.duration, confirmed: confirmed }, VoxEngine.terminate);
  });
  call.addEventListener(CallEvents.Failed, function (ev) {
    CallList.reportError({ result: false, msg: "Failed", code: ev.code }, VoxEngine.terminate);
  });
});

function voicemail(e) {
  if (e.confidence >= 75) VoxEngine.CallList.reportError("Voicemail", call.hangup());
}

function connected(e) {
  call.handleTones(true);
  setTimeout(function () {
    e.call.say("Hello " + row.name + ", press one to confirm.", Language.US_ENGLISH_MALE);
    e.call.addEventListener(CallEvents.PlaybackFinished, function () {
      e.call.removeEventListener(CallEvents.PlaybackFinished);
      setTimeout(function () { e.call.hangup(); }, 4000);
    });
  }, 500);
  call.addEventListener(CallEvents.ToneReceived, function (ev) {
    if (ev.tone == "1") {
      confirmed = true;
      ev.call.hangup();
    }
  });
}
