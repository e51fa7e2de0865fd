/*
 * An Ultravox agent calls somebody. Custom data says whom, as JSON:
 *
 *   {"user": "alice"}                                      a user of the application
 *   {"number": "+4930123456", "callerid": "+4930654321"}   a phone number, from one of yours
 *   {"user": "alice", "record": true}                      with a recording, if she agreed to that
 *
 * While it lasts, the session's URL tells how far it is ({"state": "ringing"}); a POST of "hangup" ends it.
 *
 *   Try it here     bin/voxrun scenarios/outbound.js --start    (the call rings on the page)
 *   On the platform start the rule by the API: StartScenarios with script_custom_data
 */
require(Modules.Ultravox);

// Without a key there is only the local Ultravox, and that one takes any.
const API_KEY = VoxEngine.getSecretValue('ULTRAVOX_API_KEY') || 'local';

const AGENT = {
  model: 'ultravox-v0.7',
  voice: 'Mark',
  systemPrompt:
    'You are Max, calling for a dental practice to confirm an appointment tomorrow at nine. ' +
    'Begin with "Hello, this is Max from the dental practice. Will you come tomorrow at nine?" ' +
    'Thank for a yes, offer the day after for a no, and keep every answer to one sentence.',
  firstSpeakerSettings: { agent: {} },
};

const LONGEST_CALL_MS = 5 * 60 * 1000;

// Whom to call; without custom data the user "demo".
function readTask() {
  const text = VoxEngine.customData();
  if (!text) return { user: 'demo' };
  const task = JSON.parse(text);
  if (!task.user && !task.number) throw new Error('custom data names neither a "user" nor a "number"');
  return task;
}

function dial({ user, number, callerid }) {
  return user
    ? VoxEngine.callUser({ username: user, callerid: callerid || 'agent', displayName: 'Dental practice' })
    : VoxEngine.callPSTN(number, callerid);
}

async function talk(call) {
  const agent = await Ultravox.createWebSocketAPIClient({
    endpoint: Ultravox.HTTPEndpoint.CREATE_CALL,
    authorizations: { 'X-API-Key': API_KEY },
    body: AGENT,
    onWebSocketClose: ({ code, reason }) => {
      Logger.write(`agent has gone: ${code} ${reason}`);
      call.hangup();
    },
  });

  VoxEngine.sendMediaBetween(call, agent);

  agent.addEventListener(Ultravox.WebSocketAPIEvents.PlaybackClearBuffer, () => agent.clearMediaBuffer());
  agent.addEventListener(Ultravox.WebSocketAPIEvents.Transcript, ({ data }) => {
    const { role, text, final } = data.payload;
    if (final) Logger.write(`${role === 'user' ? 'callee' : 'agent'}: ${text}`);
  });
  agent.addEventListener(Ultravox.WebSocketAPIEvents.WebSocketError, ({ data }) => {
    Logger.write(`Ultravox failed: ${data.payload.reason ?? JSON.stringify(data.payload)}`);
  });
  return agent;
}

VoxEngine.addEventListener(AppEvents.Started, () => {
  let task;
  try {
    task = readTask();
  } catch (error) {
    Logger.write(`nobody to call: ${error.message}`);
    VoxEngine.terminate();
    return;
  }

  const call = dial(task);
  let state = 'dialling';
  let agent;
  let timer;

  VoxEngine.addEventListener(AppEvents.HttpRequest, ({ method, content }) => {
    if (method === 'POST' && content === 'hangup') call.hangup();
    return JSON.stringify({ state });
  });

  call.addEventListener(CallEvents.Ringing, () => {
    state = 'ringing';
    Logger.write('ringing');
  });

  call.addEventListener(CallEvents.RecordStarted, ({ url }) => Logger.write(`recording: ${url}`));

  call.addEventListener(CallEvents.Connected, async () => {
    state = 'answered';
    Logger.write('answered');
    if (task.record) call.record({ stereo: true });
    timer = setTimeout(() => call.hangup(), LONGEST_CALL_MS);
    try {
      agent = await talk(call);
    } catch (error) {
      Logger.write(`no agent: ${error}`);
      call.hangup();
    }
  });

  call.addEventListener(CallEvents.Failed, ({ code, reason }) => {
    Logger.write(`not answered: ${code} ${reason}`);
    VoxEngine.terminate();
  });

  call.addEventListener(CallEvents.Disconnected, ({ duration }) => {
    Logger.write(`over after ${duration} s`);
    clearTimeout(timer);
    agent?.close();
    VoxEngine.terminate();
  });
});
