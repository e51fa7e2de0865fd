/*
 * Reminds somebody of an appointment: a person may confirm it by a key, a machine gets a message after its beep.
 * Custom data says whom and when, as JSON, and maybe where to report what came of it:
 *
 *   {"number": "+4930123456", "callerid": "+4930654321", "when": "tomorrow at nine",
 *    "report": "https://practice.example/reminders"}
 *
 *   Try it here     bin/voxrun scenarios/voicemail.js --start --custom-data '{"number": "+4930123456", ...}'
 *                   (the call rings on the page; say a short hello, or read something out like a machine)
 *   On the platform start the rule by the API: StartScenarios with script_custom_data
 */
require(Modules.AMD);

const VOICE = VoiceList.Amazon.en_US_Joanna;
const ANSWER_MS = 8000;
const BEEP_MS = 25000;

const { number, callerid, when, report } = JSON.parse(VoxEngine.customData());

let result = 'nobody answered';

// Says something and goes on when it has been said.
function say(call, text, then) {
  call.say(text, { voice: VOICE });
  const finished = () => {
    call.removeEventListener(CallEvents.PlaybackFinished, finished);
    then();
  };
  call.addEventListener(CallEvents.PlaybackFinished, finished);
}

function hangUpWith(call, what) {
  result = what;
  call.hangup();
}

function talkTo(call) {
  result = 'a person, no answer';
  let timer;
  let answered = false;
  call.handleTones(true);
  call.addEventListener(CallEvents.ToneReceived, ({ tone }) => {
    if (answered || (tone !== '1' && tone !== '2')) return;
    answered = true;
    clearTimeout(timer);
    result = tone === '1' ? 'confirmed' : 'cancelled';
    say(call, tone === '1' ? 'Thank you. See you then.' : 'We have cancelled it. Goodbye.', () => call.hangup());
  });
  say(call, `Hello, this is the dental practice. You have an appointment ${when}. ` +
    'Press one to confirm it, or two to cancel it.', () => {
    if (answered) return;
    timer = setTimeout(() => say(call, 'We will call again. Goodbye.', () => call.hangup()), ANSWER_MS);
  });
}

// A machine records from its beep on; what is said before is lost.
function leaveMessage(call) {
  result = 'a machine, no beep';
  call.enableBeepDetection({ timeout: BEEP_MS });
  call.addEventListener(CallEvents.BeepDetectionComplete, ({ timeout }) => {
    if (timeout !== undefined) {
      Logger.write('the machine did not beep');
      call.hangup();
      return;
    }
    result = 'message left';
    say(call, `This is the dental practice. Your appointment is ${when}. Please call us if you cannot come.`,
      () => call.hangup());
  });
}

function finish() {
  Logger.write(`result: ${result}`);
  VoxEngine.terminate();
}

VoxEngine.addEventListener(AppEvents.Started, () => {
  const amd = AMD.create({ model: AMD.Model.US, timeout: 8000 });
  const call = VoxEngine.callPSTN(number, callerid, { amd });

  amd.addEventListener(AMD.Events.DetectionComplete, ({ resultClass, confidence }) => {
    Logger.write(`answered by: ${resultClass} (${confidence})`);
    if (resultClass === AMD.ResultClass.VOICEMAIL) leaveMessage(call);
    else if (resultClass === AMD.ResultClass.HUMAN) talkTo(call);
    else if (resultClass === AMD.ResultClass.TIMEOUT) hangUpWith(call, 'silence');
  });
  amd.addEventListener(AMD.Events.DetectionError, ({ message }) => {
    Logger.write(`nobody knows who answered: ${message}`);
    talkTo(call);
  });

  call.addEventListener(CallEvents.Failed, ({ code, reason }) => {
    result = `not reached: ${code} ${reason}`;
    finish();
  });
  call.addEventListener(CallEvents.Disconnected, finish);
});

// The session's last act, however it ends: one request is allowed here.
VoxEngine.addEventListener(AppEvents.Terminating, () => {
  if (!report) return;
  Net.httpRequest(report, () => {}, {
    method: 'POST',
    headers: ['Content-Type: application/json'],
    postData: JSON.stringify({ number, result }),
  });
});
