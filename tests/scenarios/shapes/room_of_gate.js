// The other side of the gate: the session that runs the room.
require(Modules.Conference);
var conf, count = 0;
VoxEngine.addEventListener(AppEvents.Started, function () { conf = VoxEngine.createConference(); });
VoxEngine.addEventListener(AppEvents.CallAlerting, function (e) {
  e.call.answer();
  e.call.addEventListener(CallEvents.Connected, function (ev) {
    VoxEngine.sendMediaBetween(ev.call, conf);
    Logger.write("people: " + ++count + " " + e.headers["X-Pin"]);
  });
  e.call.addEventListener(CallEvents.Disconnected, function () { if (--count == 0) VoxEngine.terminate(); });
});
