// Speech recognition as of 2018: a language by its enum, a list of words, confidence in percent, a new ASR for
// every question because stop() ends one for good.
require(Modules.ASR);

var call, asr, questions = ["Do you want a table", "For how many"], replies = [];

function ask() {
  if (replies.length == questions.length) {
    Logger.write(replies.join(" | "));
    return call.hangup();
  }
  asr = VoxEngine.createASR({ lang: ASRLanguage.ENGLISH_US, dict: ["one", "two", "three"] });
  asr.addEventListener(ASREvents.CaptureStarted, function () { call.stopPlayback(); });
  asr.addEventListener(ASREvents.Result, function (e) {
    asr.stop();
    if (e.confidence > 50) replies.push(e.text + " " + typeof e.confidence);
    setTimeout(ask, 200);
  });
  asr.addEventListener(ASREvents.ASRError, function (e) { Logger.write("error " + e.error); });
  call.say(questions[replies.length], Language.US_ENGLISH_FEMALE);
  call.addEventListener(CallEvents.PlaybackFinished, function () {
    call.removeEventListener(CallEvents.PlaybackFinished);
    call.sendMediaTo(asr);
  });
}

VoxEngine.addEventListener(AppEvents.CallAlerting, function (e) {
  call = e.call;
  call.addEventListener(CallEvents.Connected, ask);
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  call.answer();
});
