// A conference behind a PIN: keys are collected by hand, the room is a call of its own.
var call, room, pin = "", PIN = "4711", wrong = 0;

VoxEngine.addEventListener(AppEvents.CallAlerting, function (e) {
  call = e.call;
  call.answer();
  call.handleTones(true);
  call.addEventListener(CallEvents.Connected, function () { call.say("Your PIN please"); });
  call.addEventListener(CallEvents.ToneReceived, collect);
  call.addEventListener(CallEvents.Disconnected, function () {
    if (room) room.hangup();
    VoxEngine.terminate();
  });
});

function collect(e) {
  pin += e.tone;
  if (pin.length < PIN.length) return;
  if (pin !== PIN) {
    pin = "";
    if (++wrong == 2) return call.hangup({ "X-Reason": "pin" });
    return call.say("That is wrong");
  }
  call.removeEventListener(CallEvents.ToneReceived);
  call.stopPlayback();
  room = VoxEngine.callConference("conf_" + pin, call.callerid(), call.displayName(), { "X-Pin": pin });
  room.addEventListener(CallEvents.Connected, function () {
    Logger.write("in " + room.is_conf + " " + call.is_conf);
    VoxEngine.sendMediaBetween(call, room);
  });
  room.addEventListener(CallEvents.Failed, function (ev) {
    Logger.write("no room " + ev.code);
    call.hangup();
  });
}
