// Speech recognition: VoxEngine.createASR and the objects it gives. What is heard is Python's.
(function (V) {
  const { isArray, list, weakMapGet, weakMapSet, weakSetAdd, weakSetHas } = V.prim;
  const { isObject } = V;

  const attached = new V.prim.WeakMap(); // call -> the ASRs that it sends media to
  const asrs = new V.prim.WeakSet();
  const stopped = new V.prim.WeakSet();

  // The platform wants the module required first. Scenarios that forget it are told, and run all the same.
  let required = false;
  const load = V.loadModule;
  V.loadModule = (id) => {
    if (id === "asr") required = true;
    return load(id);
  };

  const text = (value) => (value === undefined || value === null ? "" : V.describe(value));

  // Every phrase in `value`, however it is wrapped: a text, a list, {phrases: [...]}, {value: "..."}.
  function collect(value, phrases) {
    if (typeof value === "string") {
      if (value) phrases[phrases.length] = value;
    } else if (isArray(value)) {
      for (let i = 0; i < value.length; i++) collect(value[i], phrases);
    } else if (isObject(value)) {
      collect(value.phrases, phrases);
      collect(value.value, phrases);
    }
  }

  function hintsOf(wish) {
    const phrases = list();
    collect(wish.phraseHints, phrases);
    if (isArray(wish.dict)) collect(wish.dict, phrases); // else the name of one of the provider's dictionaries
    collect(wish.speechContexts, phrases);
    if (isObject(wish.adaptation)) collect(wish.adaptation.phraseSets || wish.adaptation.phrase_sets, phrases);
    return phrases;
  }

  V.engine.createASR = function (parameters, oldDict) {
    if (!required) {
      required = true; // said once
      V.warn("VoxEngine.createASR: the platform wants require(Modules.ASR) first");
    }
    // Old code gives the language and the words by place: createASR(ASRLanguage.ENGLISH_US, ["yes", "no"]).
    const wish = isObject(parameters) ? parameters : { profile: parameters, dict: oldDict };
    const id = V.newId("asr");
    const language = text(wish.profile !== undefined ? wish.profile : wish.lang !== undefined ? wish.lang : wish.language);
    const dictionary = list();
    collect(wish.dict, dictionary);
    const asr = {};
    weakSetAdd(asrs, asr);
    V.methods(asr, {
      __proto__: null,
      id: () => id,
      language: () => language,
      dictionary: () => V.prim.arraySlice(dictionary),
      stop() {
        if (weakSetHas(stopped, asr)) return;
        weakSetAdd(stopped, asr);
        V.command("asr.stop", id, {});
      },
    });
    V.emitter(asr, "ASR");
    V.register(id, asr);
    V.hook(id, () => ({ asr }));
    const asked = {
      language,
      hints: hintsOf(wish),
      interim: !!wish.interimResults,
      single: !!wish.singleUtterance,
    };
    if (wish.enableSeparateRecognitionPerChannel) asked.separate = true;
    V.command("asr.create", id, asked);
    return asr;
  };

  // call.vad() is true while an ASR hears the call.
  V.watchMedia((from, to, on) => {
    const hearing = weakMapGet(attached, from);
    if (!hearing || !weakSetHas(asrs, to)) return;
    const at = V.prim.arrayIndexOf(hearing, to);
    if (on && at < 0) hearing[hearing.length] = to;
    else if (!on && at >= 0) V.prim.arraySplice(hearing, at, 1);
  });

  V.callPart((call) => {
    const hearing = list();
    weakMapSet(attached, call, hearing);
    V.methods(call, {
      __proto__: null,
      vad() {
        for (let i = 0; i < hearing.length; i++) if (!weakSetHas(stopped, hearing[i])) return true;
        return false;
      },
    });
  });
})
