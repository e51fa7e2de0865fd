// Everybody who calls is put into one conference at once.
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  const conference = VoxEngine.callConference("bench", call.callerid(), "");
  conference.addEventListener(CallEvents.Connected, () => VoxEngine.sendMediaBetween(call, conference));
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
});
