// A call center of the old kind: call queues are not here, so the caller gets to the line that needs them.
require(Modules.ACD);
require(Modules.PushService);

var request, call;
VoxEngine.addEventListener(AppEvents.CallAlerting, function (e) {
  call = e.call;
  call.answer();
  call.addEventListener(CallEvents.Connected, function () {
    call.say("All operators are busy", Language.US_ENGLISH_FEMALE);
    call.addEventListener(CallEvents.PlaybackFinished, function () {
      Logger.write("queue " + ACDEvents.Queued + " " + ACDEvents.OperatorReached);
      request = VoxEngine.enqueueACDRequest("MainQueue", e.callerid, { headers: { "VI-CallTimeout": "30" } });
      request.addEventListener(ACDEvents.Queued, function () { request.getStatus(); });
    });
  });
});
