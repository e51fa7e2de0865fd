// A bot of one's own behind a WebSocket: the constructor of browsers, events by their bare names, audio both ways,
// control messages between, a look at the state before each message.
require(Modules.WebSocket);

var ws, call, started = Date.now();

function tell(what, more) {
  if (!ws || ws.readyState !== "open") return Logger.write("not open for " + what);
  ws.send(JSON.stringify(Object.assign({ customEvent: what, call: call.id() }, more)));
}

VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => {
  call = e.call;
  tell("too early");
  ws = new WebSocket("wss://bot.test/talk?caller=" + encodeURIComponent(e.callerid));
  ws.onopen = () => Logger.write("open " + (ws.readyState == WebSocketReadyState.OPEN));
  ws.addEventListener(WebSocketEvents.OPEN, () => {
    call.answer();
    tell("hello", { from: e.callerid });
  });
  ws.addEventListener(WebSocketEvents.MESSAGE, (m) => {
    const message = JSON.parse(m.text);
    if (message.customEvent == "clear") ws.clearMediaBuffer();
    if (message.customEvent == "bye") call.hangup();
  });
  ws.addEventListener(WebSocketEvents.MEDIA_STARTED, () => Logger.write("the bot speaks"));
  ws.addEventListener(WebSocketEvents.CLOSE, (c) => Logger.write("closed " + c.code + " " + c.wasClean));
  ws.addEventListener(WebSocketEvents.ERROR, VoxEngine.terminate);
  call.addEventListener(CallEvents.Connected, () => {
    call.sendMediaTo(ws, { encoding: WebSocketAudioEncoding.ULAW, tag: "caller", customParameters: { id: call.id() } });
    ws.sendMediaTo(call);
  });
  call.addEventListener(CallEvents.Disconnected, () => {
    tell("over", { seconds: Math.round((Date.now() - started) / 1000) });
    ws.close();
    setTimeout(VoxEngine.terminate, 500);
  });
});
