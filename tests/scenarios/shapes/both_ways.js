// One script for calls in and out, in the style of 2021: async handlers, destructuring, optional chaining.
require(Modules.ApplicationStorage);

let call;
const log = (...parts) => Logger.write(parts.join(" "));

const finish = async (event) => {
  const seen = (await ApplicationStorage.get("seen"))?.value ?? "0";
  await ApplicationStorage.put("seen", String(Number(seen) + 1), 3600);
  log("seen", Number(seen) + 1, event?.name);
  VoxEngine.terminate();
};

VoxEngine.addEventListener(AppEvents.Started, async (event) => {
  const text = VoxEngine.customData();
  if (!text) return;
  const { destination, callerId } = JSON.parse(text);
  call = VoxEngine.callSIP(`sip:${destination}@example.com`, callerId);
  call.addEventListener(CallEvents.Connected, async () => log("out", await lookup(destination)));
  call.addEventListener(CallEvents.Disconnected, finish);
  call.addEventListener(CallEvents.Failed, finish);
});

VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call: incoming, callerid, destination, headers }) => {
  call = incoming;
  [CallEvents.Disconnected, CallEvents.Failed].forEach((name) => call.addEventListener(name, finish));
  call.answer();
  log("in", callerid, destination, headers["VI-Client-Type"], await lookup(callerid));
  const recording = await new Promise((resolve) => {
    call.addEventListener(CallEvents.RecordStarted, ({ url }) => resolve(url));
    call.record({ stereo: true, hd_audio: true });
  });
  log("recorded", typeof recording);
});

async function lookup(who) {
  try {
    const { code, text } = await Net.httpRequestAsync(`http://crm.test/who?id=${encodeURIComponent(who)}`);
    if (code !== 200) throw new Error(`code ${code}`);
    return JSON.parse(text).name;
  } catch (error) {
    Logger.write(error);
    return "unknown";
  } finally {
    log("looked up", who);
  }
}
