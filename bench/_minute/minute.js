/*
 * The call that bench/replay.py measures: a receptionist with a tool, whom the caller may interrupt, recorded.
 */
require(Modules.Ultravox);

const RATES = { single: 70, double: 90 };

const AGENT = {
  systemPrompt: 'You are Mia, the receptionist of a small hotel.',
  firstSpeakerSettings: { agent: {} },
  selectedTools: [
    {
      temporaryTool: {
        modelToolName: 'findRoom',
        description: 'Looks up a room and its price',
        dynamicParameters: [
          {
            name: 'kind',
            location: 'PARAMETER_LOCATION_BODY',
            schema: { type: 'string', enum: Object.keys(RATES) },
            required: true,
          },
        ],
        client: {},
      },
    },
  ],
};

VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call, callerid }) => {
  Logger.write(`call from ${callerid}`);
  call.addEventListener(CallEvents.RecordStarted, ({ url }) => Logger.write(`recording: ${url}`));
  call.answer();
  call.record({ stereo: true });

  const agent = await Ultravox.createWebSocketAPIClient({
    endpoint: Ultravox.HTTPEndpoint.CREATE_CALL,
    authorizations: { 'X-API-Key': VoxEngine.getSecretValue('ULTRAVOX_API_KEY') },
    body: AGENT,
    onWebSocketClose: () => call.hangup(),
  });
  call.addEventListener(CallEvents.Disconnected, () => {
    agent.close();
    VoxEngine.terminate();
  });

  VoxEngine.sendMediaBetween(call, agent);

  agent.addEventListener(Ultravox.WebSocketAPIEvents.PlaybackClearBuffer, () => agent.clearMediaBuffer());
  agent.addEventListener(Ultravox.WebSocketAPIEvents.Transcript, ({ data }) => {
    const { role, text, final } = data.payload;
    if (final) Logger.write(`${role}: ${text}`);
  });
  agent.addEventListener(Ultravox.WebSocketAPIEvents.ClientToolInvocation, ({ data }) => {
    const { invocationId, parameters } = data.payload;
    agent.clientToolResult({
      type: 'client_tool_result',
      invocationId,
      result: JSON.stringify({ price: RATES[parameters.kind] }),
    });
  });
});
