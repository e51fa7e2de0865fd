/*
 * Nobody waits in line: who calls is told to hang up, and is called back after a moment. A key proves that it is a
 * person, not a mailbox; then a colleague's phone rings. A busy line is tried again, three times in all.
 * A web page can order a callback as well, by starting the scenario with custom data: {"number": "+4930123456"}
 *
 *   Try it here     bin/voxrun scenarios/callback.js --start --custom-data '{"number": "+4930123456"}'
 *   On the platform put a number of yours at OUR_NUMBER, a user of the application as OPERATOR
 */
const OUR_NUMBER = '+4930654321';
const OPERATOR = 'operator';
const CALL_BACK_AFTER_MS = 5000;
const TRY_AGAIN_AFTER_MS = 30000; // a session without calls lives for a minute
const TRIES = 3;
const KEY_MS = 8000;

VoxEngine.addEventListener(AppEvents.Started, () => {
  const order = VoxEngine.customData();
  if (order) callBack(JSON.parse(order).number, 1);
});

VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call, callerid }) => {
  if (!/^\+\d{6,15}$/.test(callerid)) {
    call.answer();
    sayAndHangUp(call, 'Sorry, we cannot see your number. Please call again and show it.');
    call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
    return;
  }
  call.addEventListener(CallEvents.Disconnected, () => setTimeout(() => callBack(callerid, 1), CALL_BACK_AFTER_MS));
  call.answer();
  sayAndHangUp(call, 'All our lines are busy. Please hang up, we will call you back in a moment.');
});

// PlaybackFinished comes when the last word has been said.
function sayAndHangUp(call, text) {
  call.addEventListener(CallEvents.PlaybackFinished, () => call.hangup());
  call.say(text);
}

function callBack(number, attempt) {
  const call = VoxEngine.callPSTN(number, OUR_NUMBER);
  call.addEventListener(CallEvents.Failed, ({ code }) => {
    Logger.write(`try ${attempt} of ${TRIES}: ${code}`);
    if (attempt < TRIES) setTimeout(() => callBack(number, attempt + 1), TRY_AGAIN_AFTER_MS);
    else VoxEngine.terminate();
  });
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  call.addEventListener(CallEvents.Connected, () => greet(call));
}

function greet(call) {
  let timer;
  const finished = () => {
    call.removeEventListener(CallEvents.PlaybackFinished, finished);
    timer = setTimeout(() => {
      Logger.write('nobody pressed a key');
      call.hangup();
    }, KEY_MS);
  };
  const pressed = ({ tone }) => {
    if (tone !== '1') return;
    call.removeEventListener(CallEvents.ToneReceived, pressed);
    call.removeEventListener(CallEvents.PlaybackFinished, finished);
    clearTimeout(timer);
    connect(call);
  };
  call.handleTones(true);
  call.addEventListener(CallEvents.ToneReceived, pressed);
  call.addEventListener(CallEvents.PlaybackFinished, finished);
  call.say('Hello, you asked for our call. Press one to talk to a colleague.');
}

function connect(call) {
  call.stopPlayback();
  const operator = VoxEngine.callUser({ username: OPERATOR, callerid: call.number() });
  operator.addEventListener(CallEvents.Ringing, () => call.playProgressTone('RU'));
  operator.addEventListener(CallEvents.Connected, () => VoxEngine.sendMediaBetween(call, operator));
  operator.addEventListener(CallEvents.Failed, ({ code }) => {
    Logger.write(`the operator did not answer: ${code}`);
    sayAndHangUp(call, 'Sorry, now nobody is there. We will write to you.');
  });
  operator.addEventListener(CallEvents.Disconnected, () => call.hangup());
}
