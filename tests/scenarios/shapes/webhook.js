// A helper for a CRM of 2017: options objects, callbacks in both orders, headers in three shapes.
var sent = 0;

function post(body, headers, done) {
  var opts = new Net.HttpRequestOptions();
  opts.method = "POST";
  opts.headers = headers;
  opts.postData = JSON.stringify(body);
  Net.httpRequest("http://crm.test/hook", function (res) {
    sent++;
    Logger.write("hook " + res.code + " " + res.text + " " + (res.error === undefined));
    for (var i in res.headers) {
      if (res.headers[i].key == "Set-Cookie") Logger.write("cookie " + res.headers[i].value);
    }
    if (done) done();
  }, opts);
}

VoxEngine.addEventListener(AppEvents.CallAlerting, function (e) {
  e.call.answer();
  post({ caller: e.callerid }, ["Content-Type: application/json", "X-Form: lines"], function () {
    post({ caller: e.callerid }, { "Content-Type": "application/json", "X-Form": "object" }, function () {
      post({ caller: e.callerid }, [["Content-Type", "application/json"], ["X-Form", "pairs"]], other);
    });
  });
});

function other() {
  Net.httpRequest("http://crm.test/hook", { method: "GET", headers: { "X-Form": "order" } }, function (r) {
    Logger.write("wrong order " + r.code);
  });
  Net.httpRequestAsync("http://crm.test/hook", { headers: { "X-Form": "both" } }, function (r) {
    Logger.write("callback " + r.code);
  }).then(function (r) {
    Logger.write("promise " + r.code);
    setTimeout(VoxEngine.terminate, 100, "with", "arguments");
  });
}

VoxEngine.addEventListener(AppEvents.Terminating, function () {
  Net.httpRequest("http://crm.test/hook", function () {}, { method: "POST", postData: "last", headers: { "X-Form": "end" } });
});
