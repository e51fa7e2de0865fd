// Lenient lookups of voices and languages. Their members come and go with the providers, so none of them
// throws: VoiceList.Amazon.Neural.en_US_Joanna is the string "VoiceList.Amazon.Neural.en_US_Joanna", which
// the speech service maps to a voice that exists here.
(function (V) {
  const Lookup = Proxy;
  const toPrimitive = Symbol.toPrimitive;
  const inherited = Object.prototype;
  const startsWith = Function.prototype.call.bind(String.prototype.startsWith);
  const groups = { __proto__: null, Neural: true, Premium: true };
  const { lookups } = V.names;
  delete V.names; // this is the last file that needs them

  // A lookup under `path`. A member is a string, unless it is a group: any member of a list that is sorted
  // by provider, and the names in `groups` (voices of a provider may be called "Alice", so the shape of a
  // name does not tell a voice from a group). A lookup itself converts to its path and survives `await`. Its
  // own members, if any, are those whose values are known: ASRLanguage.ENGLISH_US is "en-US".
  function lookup(path, byProvider, own) {
    const text = () => path;
    const found = { __proto__: null }; // groups that were asked for
    const target = V.prim.setPrototypeOf(own || {}, null);
    V.methods(target, { __proto__: null, toString: text, valueOf: text, toJSON: text, then: undefined });
    V.prim.defineProperty(target, toPrimitive, { __proto__: null, value: text });
    return new Lookup(target, {
      __proto__: null,
      get(_, key) {
        if (key in target) return target[key];
        if (typeof key === "symbol") return undefined;
        if (key in inherited) return inherited[key];
        const name = path + "." + key;
        if (startsWith(key, "create")) return (voice) => name + "(" + voice + ")";
        if (byProvider || groups[key]) return (found[key] = found[key] || lookup(name, false));
        return name;
      },
    });
  }

  function make(name, byProvider) {
    V.lazy(V.prim.globalThis, name, () => lookup(name, byProvider, lookups[name] && V.unpack(lookups[name])));
  }
  for (const name of ["VoiceList", "ASRProfileList", "ASRModelList"]) make(name, true);
  for (const name of ["Language", "ASRLanguage", "DialogflowLanguage"]) make(name, false);
})
