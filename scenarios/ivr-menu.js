/*
 * A voice menu that takes keys and words: opening hours, the state of an order, a colleague.
 *
 * Custom data may name the colleague's number, and yours that she sees, as JSON:
 *   {"operator": "+4930123456", "callerid": "+4930654321"}
 *
 *   Try it here     bin/voxrun scenarios/ivr-menu.js --custom-data '{"operator": "+4930123456"}'
 *                   (keys and the words of the menu; the colleague's telephone rings on the page)
 */
require(Modules.ASR);
require(Modules.IVR);

const VOICE = VoiceList.Amazon.en_US_Joanna;
const ORDERS_URL = 'https://orders.example/status/';
const MOST_ATTEMPTS = 3;

// What callers may say, and which key means the same.
const WORDS = { 'opening hours': '1', 'track my order': '2', 'speak to an agent': '0' };

const { operator, callerid } = JSON.parse(VoxEngine.customData() || '{}');

let call;
let asr;
let attempts = 0;

// Says something and goes on when it has been said.
function announce(text, then) {
  new IVRState('announcement', { type: 'noinput', prompt: { say: text, lang: VOICE } }, then).enter(call);
}

function goodbye(text) {
  stopListening();
  announce(text, () => call.hangup());
}

function again(text) {
  attempts += 1;
  if (attempts >= MOST_ATTEMPTS) goodbye('I am sorry, I did not get that. Goodbye.');
  else announce(text, openMenu);
}

const menu = new IVRState('menu', {
  type: 'select',
  timeout: 6000,
  prompt: {
    say: 'For our opening hours press one. To track your order press two. To speak to an agent press zero. ' +
      'Or tell me what you want.',
    lang: VOICE,
  },
}, choose, () => again('I did not hear anything.'));

const orderNumber = new IVRState('order number', {
  type: 'inputunknown',
  terminateOn: '#',
  prompt: { say: 'Please enter your order number and press pound.', lang: VOICE },
}, (input) => tellOrder(input.replace('#', '')), () => again('I did not get your order number.'));

const CHOICES = {
  1: () => goodbye('We are open from nine to five, Monday to Friday. Goodbye.'),
  2: () => orderNumber.enter(call),
  0: transfer,
};

function choose(key) {
  if (!CHOICES[key]) {
    again('That is not in the menu.');
    return;
  }
  stopListening();
  CHOICES[key]();
}

// In the menu words count as well as keys, and who begins to speak is no longer talked to.
function openMenu() {
  if (!asr) listen();
  menu.enter(call);
}

function listen() {
  asr = VoxEngine.createASR({
    profile: ASRProfileList.Google.en_US,
    phraseHints: Object.keys(WORDS),
    singleUtterance: true,
  });
  asr.addEventListener(ASREvents.CaptureStarted, () => call.stopPlayback());
  asr.addEventListener(ASREvents.Result, ({ text, confidence }) => {
    Logger.write(`heard "${text}" (${confidence})`);
    IVR.reset();
    choose(WORDS[Object.keys(WORDS).find((words) => text.toLowerCase().includes(words))]);
  });
  asr.addEventListener(ASREvents.ASRError, ({ error }) => Logger.write(`only keys work: ${error}`));
  call.sendMediaTo(asr);
}

function stopListening() {
  asr?.stop();
  asr = undefined;
}

async function tellOrder(number) {
  const { code, text } = await Net.httpRequestAsync(ORDERS_URL + encodeURIComponent(number), { timeout: 5 });
  Logger.write(`order ${number}: ${code}`);
  if (code === 200) goodbye(`Your order ${JSON.parse(text).state}. Goodbye.`);
  else if (code === 404) again(`There is no order ${number}.`);
  else announce('I cannot look that up at the moment. I connect you with a colleague.', transfer);
}

function transfer() {
  if (!operator) {
    goodbye('Nobody is there at the moment. Please call again later.');
    return;
  }
  announce('One moment, please.', () => {
    const colleague = VoxEngine.callPSTN(operator, callerid);
    colleague.addEventListener(CallEvents.Connected, () => VoxEngine.sendMediaBetween(call, colleague));
    colleague.addEventListener(CallEvents.Disconnected, () => call.hangup());
    colleague.addEventListener(CallEvents.Failed, ({ code }) => {
      Logger.write(`the colleague cannot be reached: ${code}`);
      goodbye('Nobody is there at the moment. Please call again later.');
    });
  });
}

VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => {
  call = e.call;
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  call.addEventListener(CallEvents.Connected, () => {
    announce('Welcome to Green Garden.', openMenu);
  });
  call.answer();
});
