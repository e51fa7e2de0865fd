// What a scenario may have listened for in a call: beeps, progress tones, the state of its media. And the one
// thing it may have played without a player, a country's progress tone.
(function (V) {
  const { TypeError, Number } = globalThis;
  const isArray = Array.isArray;
  const { isFinite } = V.prim;
  const { isObject, toText } = V;

  // A whole number of milliseconds, or undefined for what is no time.
  function milliseconds(value) {
    const ms = Number(value);
    return value === undefined || value === null || !isFinite(ms) || ms < 0 ? undefined : V.prim.mathRound(ms);
  }

  function frequencies(value, name) {
    const out = [];
    if (value === undefined || value === null) return out;
    if (!isArray(value)) throw new TypeError("call." + name + ": frequencies must be a list of Hz, got " + V.describe(value));
    for (let i = 0; i < value.length; i++) {
      const hz = Number(value[i]);
      if (!isFinite(hz)) throw new TypeError("call." + name + ": a frequency must be a number, got " + V.describe(value[i]));
      out[i] = hz;
    }
    return out;
  }

  V.callPart((call, id, about) => {
    V.methods(call, {
      __proto__: null,
      playProgressTone(country) {
        about.command("progress", { country: toText(country) || "US" });
      },
      enableBeepDetection(parameters) {
        const p = isObject(parameters) ? parameters : {};
        about.command("beep", {
          on: true,
          frequencies: frequencies(p.frequencies, "enableBeepDetection"),
          timeout: milliseconds(p.timeout),
        });
      },
      disableBeepDetection() {
        about.command("beep", { on: false });
      },
      monitorMediaStatistics(parameters) {
        const p = isObject(parameters) ? parameters : { monitor: parameters };
        about.command("statistics", { on: p.monitor !== false, interval: Number(p.interval) || 0 });
      },
      // Older than the typings, and still in use: both end in CallEvents.ToneDetected.
      detectProgressTone() {
        about.command("tonescan", { what: "progress" });
      },
      detectVoicemailTone(timeout) {
        about.command("tonescan", { what: "voicemail", timeout: milliseconds(Number(timeout) * 1000) });
      },
    });
  });
})
