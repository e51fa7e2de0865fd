// A session that is steered over its access URL, with internals of the old runtime in it.
var calls = {}, original = this.onPhoneEvent, seen = [];
this.onPhoneEvent = function (event) {
  if (event && event.name) seen.push(event.name);
  if (original) return original.call(this, event);
};

VoxEngine.addEventListener(AppEvents.Started, function () {
  setInterval(function () {
    if (JSession_getLeftMemBytes() < 1000000) JSession_GC();
  }, 5000);
});

VoxEngine.addEventListener(AppEvents.HttpRequest, function (e) {
  var parts = e.path.split("/"), command = parts[parts.length - 1];
  var body = e.content ? JSON.parse(e.content) : {};
  if (e.method == "GET") return JSON.stringify({ calls: Object.keys(calls).length, last: seen[seen.length - 1] });
  if (command == "stop") return JSession.close(), "stopping";
  var call = VoxEngine.callUser({ username: body.user, callerid: "remote", extraHeaders: { "X-Id": body.id } });
  calls[call.id()] = call;
  call.addEventListener(CallEvents.Connected, function () {
    call.sendMessage(atob(btoa("hello " + body.id)));
  });
  call.addEventListener(CallEvents.Disconnected, function () { delete calls[call.id()]; });
  return true;
});
