/*
 * Watch an interruption: who speaks when, to the millisecond.
 *
 * When the caller speaks over the agent, Ultravox first says "drop what you have not played"
 * (PlaybackClearBuffer), then that it listens (State). Speech may have been sent ahead of time: without
 * clearMediaBuffer() the agent would talk on over the caller.
 *
 *   Try it here     bin/voxrun scenarios/barge-in.js
 *                   say "tell me a story", then interrupt with "thank you"
 */
require(Modules.Ultravox);

// Without a key there is only the local Ultravox, and that one takes any.
const API_KEY = VoxEngine.getSecretValue('ULTRAVOX_API_KEY') || 'local';

const AGENT = {
  model: 'ultravox-v0.7',
  voice: 'Mark',
  systemPrompt:
    'You are Homer, a storyteller on the phone. Greet the caller with "Ask me for a story, and interrupt me." ' +
    'Tell stories of about ten sentences. When you are interrupted, answer shortly.',
  firstSpeakerSettings: { agent: {} },
  // What counts as an interruption: this much speech of the caller.
  vadSettings: { minimumInterruptionDuration: '0.09s' },
};

VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call }) => {
  let agent;
  let interruptions = 0;
  let interruptedAt = 0;

  const answeredAt = Date.now();
  const log = (text) => {
    const seconds = ((Date.now() - answeredAt) / 1000).toFixed(3);
    Logger.write(`${seconds.padStart(8)} s  ${text}`);
  };

  const finish = () => {
    log(`the end, after ${interruptions} interruption(s)`);
    agent?.close();
    VoxEngine.terminate();
  };
  call.addEventListener(CallEvents.Disconnected, finish);
  call.addEventListener(CallEvents.Failed, finish);

  call.answer();

  try {
    agent = await Ultravox.createWebSocketAPIClient({
      endpoint: Ultravox.HTTPEndpoint.CREATE_CALL,
      authorizations: { 'X-API-Key': API_KEY },
      body: AGENT,
      onWebSocketClose: ({ code, reason }) => {
        log(`agent has gone: ${code} ${reason}`);
        call.hangup();
      },
    });
  } catch (error) {
    log(`no agent: ${error}`);
    call.hangup();
    return;
  }

  VoxEngine.sendMediaBetween(call, agent);

  agent.addEventListener(Ultravox.WebSocketAPIEvents.PlaybackClearBuffer, () => {
    agent.clearMediaBuffer(); // first of all: every millisecond is heard
    interruptions += 1;
    interruptedAt = Date.now();
    log(`interruption ${interruptions}: the rest of the sentence is dropped`);
  });

  agent.addEventListener(Ultravox.WebSocketAPIEvents.State, ({ data }) => {
    const { state } = data.payload;
    log(`agent is ${state}`);
    if (state === 'speaking' && interruptedAt) {
      log(`answer ${Date.now() - interruptedAt} ms after the interruption`);
      interruptedAt = 0;
    }
  });

  // What the caller hears: from the first sound to a second after the last.
  agent.addEventListener(Ultravox.Events.WebSocketMediaStarted, () => log('sound of the agent begins'));
  agent.addEventListener(Ultravox.Events.WebSocketMediaEnded, ({ mediaInfo }) => {
    log(`sound of the agent ended, ${mediaInfo?.duration} s long`);
  });

  // The final transcript of an interrupted sentence holds what was spoken of it.
  agent.addEventListener(Ultravox.WebSocketAPIEvents.Transcript, ({ data }) => {
    const { role, text, final } = data.payload;
    if (final) log(`${role === 'user' ? 'caller' : 'agent'}: ${text}`);
  });
  agent.addEventListener(Ultravox.WebSocketAPIEvents.WebSocketError, ({ data }) => {
    log(`Ultravox failed: ${data.payload.reason ?? JSON.stringify(data.payload)}`);
  });
});
