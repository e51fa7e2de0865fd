// An IVR of 2016: var, implicit globals, positional voices, keys, a prompt that repeats, handlers that are
// removed without naming them.
var call, waiting, tries = 0;
greeting = "Welcome. For sales press one, for support press two.";

VoxEngine.addEventListener(AppEvents.CallAlerting, function (e) {
  call = e.call;
  call.handleTones(true);
  call.addEventListener(CallEvents.Connected, onConnected);
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  call.addEventListener(CallEvents.Failed, VoxEngine.terminate);
  call.answer();
});

function onConnected(e) {
  Logger.write("from " + call.callerid() + " to " + call.number() + " id " + call.id);
  prompt();
}

function prompt() {
  tries++;
  call.say(greeting, Language.US_ENGLISH_FEMALE);
  call.addEventListener(CallEvents.ToneReceived, onTone);
  call.addEventListener(CallEvents.PlaybackFinished, function () {
    call.removeEventListener(CallEvents.PlaybackFinished);
    waiting = setTimeout(again, 5000);
  });
}

function again() {
  call.removeEventListener(CallEvents.ToneReceived, onTone);
  if (tries < 2) return prompt();
  call.say("Goodbye", Language.Premium.US_ENGLISH_FEMALE);
  call.addEventListener(CallEvents.PlaybackFinished, function () { call.hangup(); });
}

function onTone(e) {
  clearTimeout(waiting);
  e.call.removeEventListener(CallEvents.ToneReceived);
  e.call.stopPlayback();
  switch (e.tone) {
    case "1":
      e.call.say("Sales", Language.UK_ENGLISH_FEMALE_MISSPELT);
      break;
    case "2":
      e.call.say("Support", { language: VoiceList.Amazon.en_US_Joanna });
      break;
    default:
      e.call.say("Nobody");
  }
  e.call.addEventListener(CallEvents.PlaybackFinished, function (ev) {
    Logger.write("said for key " + e.tone);
    ev.call.hangup();
  });
}
