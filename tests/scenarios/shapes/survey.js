// A survey made of IVR states, as tutorials of 2015 build it: states first, calls later, a file as a prompt.
require(Modules.IVR);
require(Modules.Player);

var call, answers = {};

var thanks = new IVRState("thanks", {
  type: "noinput",
  prompt: { say: "Thank you", lang: Language.US_ENGLISH_FEMALE }
}, function () { call.hangup(); });

var account = new IVRState("account", {
  type: "inputunknown",
  terminateOn: "#",
  timeout: 3000,
  inputValidator: function (digits) { return digits.length == 6; },
  prompt: { play: "http://files.test/account.wav" }
}, function (digits) {
  answers.account = digits.replace("#", "");
  thanks.enter(call);
}, function () { account.enter(call); });

var rating = new IVRState("rating", {
  type: "select",
  timeout: 4000,
  prompt: { say: "Press one if you liked it, two if not", lang: VoiceList.Amazon.en_US_Joanna },
  nextStates: { "1": account, "2": thanks }
}, function (digit) {
  answers.wrong = digit;
  rating.enter(call);
}, function () {
  answers.timeout = (answers.timeout || 0) + 1;
  if (answers.timeout < 2) rating.enter(call); else call.hangup();
});

VoxEngine.addEventListener(AppEvents.CallAlerting, function (e) {
  call = e.call;
  call.answer();
  call.addEventListener(CallEvents.Connected, function () { rating.enter(call); });
  call.addEventListener(CallEvents.Disconnected, function () {
    Logger.write(JSON.stringify(answers));
    VoxEngine.terminate();
  });
});
