/*
 * A caller talks with an Ultravox agent.
 *
 *   Try it here     bin/voxrun scenarios/inbound.js
 *   On the platform add the secret ULTRAVOX_API_KEY and attach this scenario to a routing rule
 */
require(Modules.Ultravox);

// Without a key there is only the local Ultravox, and that one takes any.
const API_KEY = VoxEngine.getSecretValue('ULTRAVOX_API_KEY') || 'local';

const AGENT = {
  model: 'ultravox-v0.7',
  voice: 'Mark',
  systemPrompt:
    'You are Mia, the friendly receptionist of a small hotel by the sea. ' +
    'Greet the caller with "Hotel Seaview, this is Mia. How can I help you?" ' +
    'This is a phone call: answer in one or two short sentences, without lists or special characters.',
  firstSpeakerSettings: { agent: {} }, // the agent greets; the caller may interrupt
  // Somebody who laid the phone aside would pay for the silence.
  inactivityMessages: [
    { duration: '30s', message: 'Are you still there?' },
    {
      duration: '15s',
      message: 'I cannot hear you. Please call again. Goodbye!',
      endBehavior: 'END_BEHAVIOR_HANG_UP_SOFT',
    },
  ],
};

VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call, callerid }) => {
  let agent;

  // Whatever ends the call ends the session: nothing must go on (and cost) behind it.
  const finish = () => {
    agent?.close();
    VoxEngine.terminate();
  };
  call.addEventListener(CallEvents.Disconnected, finish);
  call.addEventListener(CallEvents.Failed, finish);

  Logger.write(`call from ${callerid}`);
  call.answer();

  try {
    agent = await Ultravox.createWebSocketAPIClient({
      endpoint: Ultravox.HTTPEndpoint.CREATE_CALL,
      authorizations: { 'X-API-Key': API_KEY },
      body: AGENT,
      // The agent hung up, or the connection broke: either way there is nobody left to talk to.
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

  // The caller spoke over the agent: drop what the agent has said but the caller has not heard yet.
  agent.addEventListener(Ultravox.WebSocketAPIEvents.PlaybackClearBuffer, () => agent.clearMediaBuffer());

  // Speech arrives word by word; the final transcript holds the whole sentence.
  agent.addEventListener(Ultravox.WebSocketAPIEvents.Transcript, ({ data }) => {
    const { role, text, final } = data.payload;
    if (final) Logger.write(`${role === 'user' ? 'caller' : 'agent'}: ${text}`);
  });

  // A wrong key, an empty account, a busy service: the reason is in these two.
  agent.addEventListener(Ultravox.WebSocketAPIEvents.HTTPResponse, ({ data }) => {
    Logger.write(`Ultravox answered ${data.payload.status ?? JSON.stringify(data.payload)}`);
  });
  agent.addEventListener(Ultravox.WebSocketAPIEvents.WebSocketError, ({ data }) => {
    Logger.write(`Ultravox failed: ${data.payload.reason ?? JSON.stringify(data.payload)}`);
  });
});
