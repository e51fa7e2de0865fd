// The second script of the rule, which replaces a function of the platform by its own.
VoxEngine.easyProcess = function (first, second, established) {
  second.addEventListener(CallEvents.Connected, function () {
    first.answer();
    VoxEngine.sendMediaBetween(first, second);
    if (established) established(first, second);
  });
  second.addEventListener(CallEvents.Failed, function (e) {
    Logger.write(describe(e));
    first.reject(e.code);
  });
  first.addEventListener(CallEvents.Disconnected, function (e) {
    Logger.write(describe(e));
    VoxEngine.terminate();
  });
};

VoxEngine.addEventListener(AppEvents.CallAlerting, function (e) {
  attempts++;
  e.call.startEarlyMedia();
  e.call.say(new Phrase(CONFIG.hold), undefined);
  VoxEngine.easyProcess(e.call, VoxEngine.callUser(CONFIG.operator, e.callerid), function (a, b) {
    Logger.write("established " + attempts + " " + (a !== b));
  });
});
