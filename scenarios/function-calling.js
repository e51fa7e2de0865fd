/*
 * An agent that does things: tells the weather, hangs up, and puts the caller through to a person.
 *
 * Ultravox asks for a tool with ClientToolInvocation and waits for the answer, clientToolResult with the
 * same invocationId. Until then the agent is silent, so every path must answer, and soon.
 *
 *   Try it here     bin/voxrun scenarios/function-calling.js
 *                   say "weather in London", "transfer call", "goodbye"
 */
require(Modules.Ultravox);

// Without a key there is only the local Ultravox, and that one takes any.
const API_KEY = VoxEngine.getSecretValue('ULTRAVOX_API_KEY') || 'local';

const COLLEAGUE = 'operator'; // the user of the application who takes over
const PATIENCE_MS = 30 * 1000; // how long the colleague's phone rings

// With the secret WEATHER_API_KEY a weather service is asked; without it this table stands for one.
const WEATHER_URL = 'https://weather.example/now/';
const WEATHER_KEY = VoxEngine.getSecretValue('WEATHER_API_KEY');
const WEATHER_SECONDS = 2; // Ultravox waits 2.5 s for a tool, then it goes on without an answer
const WEATHER = {
  london: { sky: 'rain', celsius: 12 },
  paris: { sky: 'sunshine', celsius: 19 },
  berlin: { sky: 'clouds', celsius: 15 },
  'new york': { sky: 'snow', celsius: -2 },
  tokyo: { sky: 'sunshine', celsius: 24 },
};

const parameter = (name, description) => ({
  name,
  location: 'PARAMETER_LOCATION_BODY',
  schema: { type: 'string', description },
  required: true,
});

const tool = (modelToolName, description, dynamicParameters = []) => ({
  temporaryTool: { modelToolName, description, dynamicParameters, client: {} },
});

const AGENT = {
  model: 'ultravox-v0.7',
  voice: 'Mark',
  systemPrompt:
    'You are Ada, a helpful phone assistant. Greet the caller with "Hello, this is Ada. I know the weather." ' +
    'Use getWeather for questions about the weather, transferCall when the caller wants a person, ' +
    'and hangUp when the caller says goodbye. Answer in one sentence.',
  firstSpeakerSettings: { agent: {} },
  selectedTools: [
    tool('getWeather', 'Tells the weather of a city now.', [parameter('city', 'Name of the city')]),
    tool('transferCall', 'Puts the caller through to a person.'),
    tool('hangUp', 'Ends the call, after the caller said goodbye.'),
  ],
};

// The weather of a city; undefined where none is known.
async function weatherOf(city) {
  if (!WEATHER_KEY) return WEATHER[city.toLowerCase()];
  const { code, text } = await Net.httpRequestAsync(WEATHER_URL + encodeURIComponent(city), {
    headers: { 'X-API-Key': WEATHER_KEY },
    timeout: WEATHER_SECONDS,
  });
  if (code === 404) return undefined;
  if (code !== 200) throw new Error(`the weather service answered ${code}`); // below 0: no answer at all
  return JSON.parse(text);
}

VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call }) => {
  let agent;
  let colleague; // the second call, while it rings and after it was answered
  let transferred = false;

  const finish = () => {
    agent?.close();
    agent = undefined;
    VoxEngine.terminate(); // ends the colleague's call as well
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
        Logger.write(`agent has gone: ${code} ${reason}`);
        if (!transferred) call.hangup();
      },
    });
  } catch (error) {
    Logger.write(`no agent: ${error}`);
    call.hangup();
    return;
  }

  VoxEngine.sendMediaBetween(call, agent);

  // Each tool returns the fields of its clientToolResult.
  const tools = {
    async getWeather({ city = '' }) {
      const weather = await weatherOf(String(city).trim());
      return weather
        ? { result: JSON.stringify({ city, ...weather }) }
        : { result: JSON.stringify({ city, error: 'no weather is known for this city' }) };
    },

    hangUp() {
      // Ultravox speaks the message, then ends the call: onWebSocketClose hangs up the caller.
      return { responseType: 'hang-up', result: JSON.stringify({ strict: true, message: 'Goodbye!' }) };
    },

    transferCall() {
      if (colleague) return { result: 'The phone of the colleague is ringing already.' };
      ring();
      // The answer cannot wait for the colleague: a tool has seconds, a phone may ring for half a minute.
      return { result: 'The phone of the colleague is ringing. Ask the caller to hold the line.' };
    },
  };

  async function use(name, parameters) {
    if (!tools[name]) return { errorType: 'undefined', errorMessage: `there is no tool named ${name}` };
    try {
      return await tools[name](parameters);
    } catch (error) {
      Logger.write(`tool ${name} failed: ${error.message}`);
      return { errorType: 'implementation-error', errorMessage: error.message };
    }
  }

  function ring() {
    colleague = VoxEngine.callUser({
      username: COLLEAGUE,
      callerid: call.callerid(),
      displayName: call.displayName(),
    });
    const patience = setTimeout(() => colleague.hangup(), PATIENCE_MS);

    colleague.addEventListener(CallEvents.Connected, () => {
      Logger.write('transferred');
      clearTimeout(patience);
      transferred = true;
      VoxEngine.stopMediaBetween(call, agent);
      agent.close();
      VoxEngine.sendMediaBetween(call, colleague);
    });

    // Nobody there: the caller stays with the agent, who has to be told.
    colleague.addEventListener(CallEvents.Failed, ({ code, reason }) => {
      Logger.write(`no transfer: ${code} ${reason}`);
      clearTimeout(patience);
      colleague = undefined;
      agent?.userTextMessage({
        type: 'user_text_message',
        text: 'The colleague did not answer. Apologise, and offer your own help.',
        urgency: 'immediate',
      });
    });

    colleague.addEventListener(CallEvents.Disconnected, () => call.hangup());
  }

  agent.addEventListener(Ultravox.WebSocketAPIEvents.ClientToolInvocation, async ({ data }) => {
    const { toolName, invocationId, parameters } = data.payload;
    Logger.write(`tool ${toolName}(${JSON.stringify(parameters)})`);
    const outcome = await use(toolName, parameters || {});
    agent?.clientToolResult({ type: 'client_tool_result', invocationId, ...outcome }); // the caller may be gone
  });

  agent.addEventListener(Ultravox.WebSocketAPIEvents.PlaybackClearBuffer, () => agent.clearMediaBuffer());
  agent.addEventListener(Ultravox.WebSocketAPIEvents.Transcript, ({ data }) => {
    const { role, text, final } = data.payload;
    if (final) Logger.write(`${role === 'user' ? 'caller' : 'agent'}: ${text}`);
  });
  agent.addEventListener(Ultravox.WebSocketAPIEvents.WebSocketError, ({ data }) => {
    Logger.write(`Ultravox failed: ${data.payload.reason ?? JSON.stringify(data.payload)}`);
  });
});
