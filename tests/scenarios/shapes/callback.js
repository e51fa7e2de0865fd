// A click-to-call: started over HTTP with JSON, first the manager, then the customer, then both together.
var data, manager, customer, started = false;
try {
  data = JSON.parse(VoxEngine.customData());
} catch (e) {
  data = { manager: "nobody", phone: "" };
}

VoxEngine.addEventListener(AppEvents.Started, function (e) {
  Logger.write("session " + typeof e.sessionId + " " + (e.accessSecureURL.indexOf("http") == 0));
  manager = VoxEngine.callUser(data.manager, "callback", "Call back", null, false, undefined);
  manager.addEventListener(CallEvents.Connected, managerAnswered);
  manager.addEventListener(CallEvents.Failed, failed);
  manager.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
});

function managerAnswered(e) {
  manager.say("Connecting you", VoiceList.Google.en_US_Wavenet_A);
  manager.addEventListener(CallEvents.PlaybackFinished, function () {
    manager.removeEventListener(CallEvents.PlaybackFinished);
    customer = VoxEngine.callPSTN(data.phone, data.callerid, { followDiversion: true });
    customer.addEventListener(CallEvents.Connected, function () {
      VoxEngine.sendMediaBetween(manager, customer);
      started = true;
      Logger.write("talking");
    });
    customer.addEventListener(CallEvents.Failed, failed);
    customer.addEventListener(CallEvents.Disconnected, function (ev) {
      Logger.write("talked " + ev.duration + " s");
      VoxEngine.terminate();
    });
  });
}

function failed(e) {
  Logger.write("failed " + e.code + " " + e.reason + " " + (e.call === manager ? "manager" : "customer"));
  VoxEngine.terminate();
}
