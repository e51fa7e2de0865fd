// A line of functions that each add the next handler, a class, getters, timers with arguments, unbound methods.
class Line {
  constructor(call) {
    this.call = call;
    this.phrases = ["One", "Two", "Three"];
    this.said = 0;
  }
  get left() { return this.phrases.length - this.said; }
  next() {
    if (!this.left) return setTimeout(this.call.hangup, 200);
    const text = this.phrases[this.said++];
    this.call.say(text, this.said == 1 ? VoiceList.Default.en_US_Male : undefined);
    const listener = ({ call, error }) => {
      call.removeEventListener(CallEvents.PlaybackFinished, listener);
      Logger.write(text + " " + (error === undefined));
      setTimeout((line, pause) => { Logger.write("pause", pause); line.next(); }, 100, this, 100);
    };
    this.call.addEventListener(CallEvents.PlaybackFinished, listener);
  }
}

VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call, ...rest }) => {
  const line = new Line(call);
  call.answer({ "X-Line": "1" }, { mixStreams: false });
  call.addEventListener(CallEvents.Connected, () => line.next());
  call.addEventListener(CallEvents.Disconnected, ({ reason, internalCode }) => {
    Logger.write({ reason, internalCode }, Object.keys(rest).length > 5);
    Logger.write(new Error("only logged"));
    VoxEngine.terminate();
  });
});
