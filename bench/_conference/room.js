// The conference of gate.js.
require(Modules.Conference);
const conference = VoxEngine.createConference();
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Connected, () => VoxEngine.sendMediaBetween(call, conference));
  call.answer();
});
