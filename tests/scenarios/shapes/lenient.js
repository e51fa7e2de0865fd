// What is misspelt, missing or tried: none of it may end the session by itself.
var results = [];
function attempt(name, work) {
  try { results.push(name + "=" + work()); } catch (e) { results.push(name + " " + e.name); }
}
attempt("module", function () { require(Modules.NotThere); });
attempt("string", function () { require("not-there"); });
attempt("twice", function () { require(Modules.ASR); require("asr"); return "fine"; });
attempt("voice", function () { return typeof Language.XX_KLINGON_MALE + typeof VoiceList.Nobody.xx; });
attempt("nested", function () { return typeof ASRModelList.Tinkoff.any + typeof ASRProfileList.Tinkoff.ru_RU; });
attempt("language", function () { return ASRLanguage.RUSSIAN_RU + " " + typeof DialogflowLanguage.ENGLISH_US; });
attempt("event", function () { return typeof CallEvents.HumanDetected + typeof WebSocketEvents.Message; });
attempt("net", function () { return typeof Net.WebSocket + typeof Net.HttpRequestMethod; });
attempt("engine", function () { return typeof VoxEngine.mediaSessionAccessURL + typeof VoxEngine.getCallById; });
attempt("expire", function () { return VoxEngine.RecordExpireTime.ONEYEAR + RecordExpireTime.THREEYEARS; });
attempt("global", function () { return typeof global + typeof window + typeof process + typeof fetch; });
attempt("data", function () { return JSON.parse(VoxEngine.customData()); });
attempt("secret", function () { return typeof VoxEngine.getSecretValue("NOT_SET"); });
attempt("undeclared", function () { return undeclared; });
Logger.write(results.join("\n"));
Logger.write(undefined, null, new Error("as text"), { a: [1] }, "two");
console.log("console too");
VoxEngine.terminate("ignored");
