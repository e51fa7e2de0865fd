/*
 * A room of conference.js: mixes everybody who is in it, says who comes and goes, and closes with the last one.
 */
require(Modules.Conference);

let conference;
const members = new Map(); // call id -> name

VoxEngine.addEventListener(AppEvents.Started, () => {
  conference = VoxEngine.createConference({ hd_audio: true });
  conference.addEventListener(ConferenceEvents.Started, () => Logger.write('the room is open'));
});

// Everybody in the room hears it.
function announce(text) {
  Logger.write(text);
  VoxEngine.createTTSPlayer(text).sendMediaTo(conference);
}

VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call, displayName }) => {
  call.addEventListener(CallEvents.Connected, () => {
    members.set(call.id(), displayName);
    VoxEngine.sendMediaBetween(call, conference);
    announce(`${displayName} has joined.`);
  });
  call.addEventListener(CallEvents.Disconnected, () => {
    members.delete(call.id());
    if (members.size === 0) return VoxEngine.terminate();
    announce(`${displayName} has left.`);
  });
  call.answer();
});
