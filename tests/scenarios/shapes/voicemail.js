// Nobody is there: a beep, a recorder with its name as the first argument, and the file's address to a CRM.
require("recorder");

var call, recorder, address;

VoxEngine.addEventListener(AppEvents.CallAlerting, function (e) {
  call = e.call;
  call.answer();
  call.handleTones(true);
  call.addEventListener(CallEvents.Connected, function () {
    call.say("Leave a message, then press hash.", Language.US_ENGLISH_FEMALE);
    call.addEventListener(CallEvents.PlaybackFinished, beep);
  });
  call.addEventListener(CallEvents.ToneReceived, function (t) { if (t.tone == "#") done(); });
  call.addEventListener(CallEvents.Disconnected, done);
});

function beep() {
  call.removeEventListener(CallEvents.PlaybackFinished);
  var tone = VoxEngine.createToneScriptPlayer("1000@-16;0.4(*/0/1)", false);
  tone.addEventListener(PlayerEvents.PlaybackFinished, record);
  tone.sendMediaTo(call);
}

function record() {
  recorder = VoxEngine.createRecorder("message");
  recorder.addEventListener(RecorderEvents.Started, function (e) { address = e.url; });
  recorder.addEventListener(RecorderEvents.Stopped, function (e) {
    Net.httpRequest("http://crm.test/voicemail", function (r) {
      Logger.write("sent " + r.code + " " + e.duration);
      VoxEngine.terminate();
    }, { method: "POST", postData: JSON.stringify({ from: call.callerid(), url: address }) });
  });
  call.sendMediaTo(recorder);
  setTimeout(done, 30000);
}

function done() {
  if (recorder) {
    recorder.stop();
    recorder = null;
    if (call.state() == "CONNECTED") call.hangup();
  } else if (!address) VoxEngine.terminate();
}
