// Lenient lookups of voices and languages. Their members come and go with the providers, so none of them
// throws: VoiceList.Amazon.Neural.en_US_Joanna is the string "VoiceList.Amazon.Neural.en_US_Joanna", which
// the speech service maps to a voice that exists here.
(function (V) {
  const Lookup = Proxy;
  const toPrimitive = Symbol.toPrimitive;
  const inherited = Object.prototype;
  const startsWith = Function.prototype.call.bind(String.prototype.startsWith);
  const groups = { __proto__: null, Neural: true, Premium: true };

  // A lookup under `path`. A member is a string, unless it is a group: any member of a list that is sorted
  // by provider, and the names in `groups` (voices of a provider may be called "Alice", so the shape of a
  // name does not tell a voice from a group). A lookup itself converts to its path and survives `await`.
  function lookup(path, byProvider) {
    const text = () => path;
    const own = { __proto__: null, toString: text, valueOf: text, toJSON: text, then: undefined };
    own[toPrimitive] = text;
    return new Lookup(own, {
      __proto__: null,
      get(target, key) {
        if (key in target) return target[key];
        if (typeof key === "symbol") return undefined;
        if (key in inherited) return inherited[key];
        const name = path + "." + key;
        if (startsWith(key, "create")) return (voice) => name + "(" + voice + ")";
        if (byProvider || groups[key]) return (target[key] = lookup(name, false));
        return name;
      },
    });
  }

  for (const name of ["VoiceList", "ASRProfileList", "ASRModelList"]) V.expose(name, lookup(name, true));
  for (const name of ["Language", "ASRLanguage", "DialogflowLanguage"]) V.expose(name, lookup(name, false));
})
