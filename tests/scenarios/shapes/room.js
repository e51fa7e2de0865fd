// A conference with an announcement: a string for the module, positional players, everybody hears who comes.
require("conference");
require(Modules.Player);

var conf, people = [];

VoxEngine.addEventListener(AppEvents.Started, function () {
  conf = VoxEngine.createConference({ hd_audio: true });
  conf.addEventListener(ConferenceEvents.Started, function (e) {
    Logger.write("conference " + (e.conference === conf));
  });
});

VoxEngine.addEventListener(AppEvents.CallAlerting, function (e) {
  e.call.answer();
  e.call.addEventListener(CallEvents.Connected, function (ev) {
    people.push(ev.call);
    var player = VoxEngine.createTTSPlayer("Somebody has joined", Language.US_ENGLISH_FEMALE);
    player.addEventListener(PlayerEvents.PlaybackFinished, function () {
      player.stop();
      VoxEngine.sendMediaBetween(ev.call, conf);
      Logger.write("in the room: " + people.length);
    });
    player.sendMediaTo(conf);
  });
  e.call.addEventListener(CallEvents.Disconnected, function (ev) {
    people.splice(people.indexOf(ev.call), 1);
    if (people.length == 0) {
      VoxEngine.destroyConference(conf);
      VoxEngine.terminate();
    }
  });
});
