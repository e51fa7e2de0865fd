// Modules.Ultravox: the tables of its client; what the members do is in _connector.js.
(function (V) {
  V.loadModule("_connector");

  const Ultravox = {
    Events: V.connectorMediaEvents("Ultravox"),
    HTTPEndpoint: { CREATE_CALL: "CreateCall", CREATE_AGENT_CALL: "CreateAgentCall", JOIN_CALL: "JoinCall" },
  };

  V.connectorClient(Ultravox, {
    namespace: "Ultravox",
    provider: "ultravox",
    client: "WebSocketAPIClient",
    factory: "createWebSocketAPIClient",
    // inputTextMessage is the old name of userTextMessage; the last three are newer than the typings.
    methods: [
      "inputTextMessage", "userTextMessage", "setOutputMedium", "clientToolResult",
      "dataConnectionToolResult", "forcedAgentMessage", "hangUp",
    ],
    events: {
      WebSocketAPIEvents: ["Ultravox.WebSocketAPI", [
        "Unknown", "HTTPResponse", "State", "Transcript", "ClientToolInvocation", "DataConnectionToolInvocation",
        "Debug", "PlaybackClearBuffer", "WebSocketError", "ConnectorInformation",
      ]],
    },
  });

  V.namespace("ultravox", "Ultravox", Ultravox);
})
