/*
 * A call rings one colleague after the other; who answers first talks with the caller. When nobody does, the caller
 * leaves a message, and a service is told where it is.
 *
 *   Try it here     bin/voxrun scenarios/forwarding.js    (the colleagues' calls ring on the page, decline them)
 *   On the platform put your own people and numbers at COLLEAGUES, a number of yours at OUR_NUMBER
 */
const OUR_NUMBER = '+4930654321';
const MAILBOX = 'https://crm.example/messages';
const RINGS_MS = 20000;
const LONGEST_MESSAGE_MS = 60000;

const COLLEAGUES = [
  (caller) => VoxEngine.callUser({ username: 'anna', callerid: caller.callerid(), displayName: caller.displayName() }),
  () => VoxEngine.callPSTN('+4930123456', OUR_NUMBER),
];

VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate); // also when the caller gives up while it rings
  call.startEarlyMedia(); // the caller pays nothing while it rings
  call.playProgressTone('RU'); // 425 Hz, as in most of Europe
  tryColleague(call, 0);
});

function tryColleague(caller, index) {
  if (index === COLLEAGUES.length) {
    takeMessage(caller);
    return;
  }
  const colleague = COLLEAGUES[index](caller);
  const patience = setTimeout(() => colleague.hangup(), RINGS_MS);

  colleague.addEventListener(CallEvents.Connected, () => {
    clearTimeout(patience);
    Logger.write(`colleague ${index + 1} answered`);
    caller.answer();
    VoxEngine.sendMediaBetween(caller, colleague);
  });
  colleague.addEventListener(CallEvents.Failed, ({ code, reason }) => {
    clearTimeout(patience);
    Logger.write(`colleague ${index + 1} did not answer: ${code} ${reason}`);
    tryColleague(caller, index + 1);
  });
  colleague.addEventListener(CallEvents.Disconnected, () => caller.hangup());
  colleague.addEventListener(CallEvents.OnHold, () => Logger.write('the colleague holds the call'));
}

function takeMessage(caller) {
  let recording = '';
  caller.addEventListener(CallEvents.Connected, () =>
    caller.say('Nobody can take your call. Please leave a message, and press the hash key when you are done.'));
  caller.addEventListener(CallEvents.PlaybackFinished, () => {
    if (recording) return;
    caller.addEventListener(CallEvents.RecordStarted, ({ url }) => { recording = url; });
    caller.record({ name: 'message' });
    caller.handleTones(true);
    setTimeout(() => caller.hangup(), LONGEST_MESSAGE_MS);
  });
  caller.addEventListener(CallEvents.ToneReceived, ({ tone }) => {
    if (tone === '#') caller.hangup();
  });

  // The session waits for the report.
  caller.removeEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  caller.addEventListener(CallEvents.Disconnected, async () => {
    if (recording) await report({ from: caller.callerid(), recording });
    VoxEngine.terminate();
  });
  caller.answer();
}

async function report(message) {
  const { code } = await Net.httpRequestAsync(MAILBOX, {
    method: 'POST',
    headers: ['Content-Type: application/json'],
    postData: JSON.stringify(message),
  });
  if (code !== 201) Logger.write(`the message of ${message.from} was not taken: ${code}, it is at ${message.recording}`);
}
