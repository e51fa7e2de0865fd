/*
 * Keys for an agent that only hears words: digits are collected and told to the agent as text.
 *
 *   #   sends what was typed          *   forgets it
 *   a pause of three seconds sends as well
 *
 *   Try it here     bin/voxrun scenarios/dtmf-to-text.js    and type 4711# on the keypad
 */
require(Modules.Ultravox);

// Without a key there is only the local Ultravox, and that one takes any.
const API_KEY = VoxEngine.getSecretValue('ULTRAVOX_API_KEY') || 'local';

const PAUSE_MS = 3000;

const AGENT = {
  model: 'ultravox-v0.7',
  voice: 'Mark',
  systemPrompt:
    'You are Kim, who looks up parcels. Greet the caller with "Please type your parcel number, then the hash key." ' +
    'Numbers come as a text message. Repeat each number digit by digit, then say that the parcel arrives today.',
  firstSpeakerSettings: { agent: {} },
};

// Gathers keys; `done(digits)` is called for each number that is complete.
function keypad(done) {
  let digits = '';
  let timer;

  const send = () => {
    clearTimeout(timer);
    if (digits) done(digits);
    digits = '';
  };

  return (key) => {
    clearTimeout(timer);
    if (key === '#') return send();
    if (key === '*') {
      digits = '';
      return;
    }
    digits += key;
    timer = setTimeout(send, PAUSE_MS);
  };
}

VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call }) => {
  let agent;

  const finish = () => {
    agent?.close();
    VoxEngine.terminate();
  };
  call.addEventListener(CallEvents.Disconnected, finish);
  call.addEventListener(CallEvents.Failed, finish);

  call.answer();
  call.handleTones(true); // off by default; takes the tones out of the audio that the agent hears

  try {
    agent = await Ultravox.createWebSocketAPIClient({
      endpoint: Ultravox.HTTPEndpoint.CREATE_CALL,
      authorizations: { 'X-API-Key': API_KEY },
      body: AGENT,
      onWebSocketClose: ({ code, reason }) => {
        Logger.write(`agent has gone: ${code} ${reason}`);
        call.hangup();
      },
    });
  } catch (error) {
    Logger.write(`no agent: ${error}`);
    call.hangup();
    return;
  }

  VoxEngine.sendMediaBetween(call, agent);

  const press = keypad((digits) => {
    Logger.write(`typed: ${digits}`);
    agent.userTextMessage({
      type: 'user_text_message',
      text: `My parcel number is ${digits.split('').join(' ')}.`, // spaced, or it is read as one big number
      urgency: 'immediate', // the agent stops talking and answers now
    });
  });
  call.addEventListener(CallEvents.ToneReceived, ({ tone }) => press(tone));

  agent.addEventListener(Ultravox.WebSocketAPIEvents.PlaybackClearBuffer, () => agent.clearMediaBuffer());
  agent.addEventListener(Ultravox.WebSocketAPIEvents.Transcript, ({ data }) => {
    const { role, text, final } = data.payload;
    if (final) Logger.write(`${role === 'user' ? 'caller' : 'agent'}: ${text}`);
  });
  agent.addEventListener(Ultravox.WebSocketAPIEvents.WebSocketError, ({ data }) => {
    Logger.write(`Ultravox failed: ${data.payload.reason ?? JSON.stringify(data.payload)}`);
  });
});
