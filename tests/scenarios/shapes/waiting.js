// Music while an operator is found: positional players that loop, a tone script with a bracket too many, early
// media, a list of operators one after the other.
require(Modules.Player);

var operators = ["first", "second", "third"], next = 0, incoming, music, tone;

VoxEngine.addEventListener(AppEvents.CallAlerting, function (e) {
  incoming = e.call;
  incoming.startEarlyMedia();
  tone = VoxEngine.createToneScriptPlayer("440@-19;1(*/0/1))", true);
  tone.sendMediaTo(incoming);
  setTimeout(function () {
    tone.stop();
    incoming.answer();
    music = VoxEngine.createURLPlayer("http://files.test/music.wav", true);
    music.addEventListener(PlayerEvents.Error, function (ev) { Logger.write("player " + ev.error); });
    music.sendMediaTo(incoming);
    tryNext();
  }, 2000);
  incoming.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
});

function tryNext() {
  if (next == operators.length) {
    incoming.say("Nobody is there", Language.US_ENGLISH_FEMALE);
    incoming.addEventListener(CallEvents.PlaybackFinished, function () { incoming.hangup(); });
    return;
  }
  var call = VoxEngine.callUser(operators[next++], incoming.callerid(), incoming.displayName(), { "X-Queue": "main" });
  call.addEventListener(CallEvents.Failed, function (e) {
    Logger.write(call.number() + " " + e.code);
    tryNext();
  });
  call.addEventListener(CallEvents.Connected, function () {
    music.stop();
    VoxEngine.sendMediaBetween(incoming, call);
    call.record({ name: "talk", stereo: true, expire: VoxEngine.RecordExpireTime.ONEYEAR });
  });
  call.addEventListener(CallEvents.RecordStarted, function (e) { Logger.write("recording " + typeof e.url); });
  call.addEventListener(CallEvents.Disconnected, function (e) {
    Logger.write("done " + e.call.number());
    VoxEngine.terminate();
  });
}
