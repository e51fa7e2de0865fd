// Logger, trace, console: everything ends in the session's log and never throws.
(function (V) {
  const LONGEST = 15000; // characters of one Logger.write on the platform

  function text(values) {
    let out = "";
    for (let i = 0; i < values.length; i++) out += (i ? " " : "") + V.describe(values[i]);
    return out.length > LONGEST ? V.text.slice(out, 0, LONGEST) + "… (cut at 15000 characters)" : out;
  }

  const Logger = {
    write(...message) {
      V.log("write", text(message));
    },
    hideTones(hide) {
      V.command("log.tones", "", { hide: hide !== false });
    },
  };

  const say = (level) => (...message) => V.log(level, text(message));
  const console = {
    log: say("console"),
    info: say("console"),
    debug: say("console"),
    warn: say("console"),
    error: say("console"),
    trace: say("console"),
  };

  V.warn = (message) => V.log("warning", message);
  V.expose("Logger", Logger);
  V.expose("trace", (message) => V.log("trace", text([message])));
  V.expose("console", console);
})
