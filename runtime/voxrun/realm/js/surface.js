// The whole surface of the API: whatever the files before this one did not bring exists too. Enums are unpacked when
// they are first used; functions and methods that are not built say so when they are called; functions have
// the platform's number of arguments.
(function (V) {
  const { names } = V;
  const { prim } = V;
  const { Error, TypeError, defineProperty, getOwnPropertyDescriptor, globalThis, hasOwn, objectKeys } = prim;
  const { stringIndexOf, stringLastIndexOf, stringSlice, stringSplit } = prim;
  const hasInstance = prim.Symbol.hasInstance;

  function put(owner, name, value) {
    defineProperty(owner, name, { __proto__: null, value, writable: true, configurable: true, enumerable: false });
    return value;
  }

  // A member that is made when it is first read. A scenario may set it, or declare the name as its own.
  function lazy(owner, name, make) {
    defineProperty(owner, name, {
      __proto__: null, configurable: true, enumerable: false,
      get: () => put(owner, name, make()),
      set: (value) => { put(owner, name, value); },
    });
  }

  // "prefix|A|B=x|C=#1" gives {A: prefix + "A", B: "x", C: 1}.
  function unpack(packed) {
    const words = stringSplit(packed, "|");
    const members = {};
    for (let i = 1; i < words.length; i++) {
      const at = stringIndexOf(words[i], "=");
      if (at < 0) members[words[i]] = words[0] + words[i];
      else {
        const value = stringSlice(words[i], at + 1);
        members[stringSlice(words[i], 0, at)] = value[0] === "#" ? +stringSlice(value, 1) : value;
      }
    }
    return members;
  }

  // Why a member will never be here, or undefined.
  function reason(name) {
    for (let at = name; at; at = stringSlice(at, 0, prim.mathMax(0, stringLastIndexOf(at, ".")))) {
      if (at in names.notHere) return names.reasons[names.notHere[at]];
    }
    return undefined;
  }

  function refusal(name) {
    const why = reason(name);
    return why ? "is not available in voxrun: " + why : "is part of the platform, but voxrun does not have it yet";
  }

  function missing(owner, name, whole) {
    put(owner, name, { [name]() { throw new Error(whole + "() " + refusal(whole)); } }[name]);
  }

  // A class that scenarios can name, and ask with instanceof, but not construct.
  function classOf(name) {
    const words = stringSplit(name, ".");
    const made = { [words[words.length - 1]]: function () {
      if (reason(name) !== undefined) throw new Error(name + " " + refusal(name));
      throw new TypeError(name + " has no public constructor");
    } }[words[words.length - 1]];
    defineProperty(made, hasInstance, { __proto__: null, value: (object) => {
      const label = V.isObject(object) ? V.labelOf(object) : undefined;
      return label === name || (name === "Recorder" && label === "ConferenceRecorder");
    } });
    return made;
  }

  // Where "A.B.C" goes: the object "A.B" below `holder` ("A"), made if need be, and "C".
  function place(holder, name) {
    const words = stringSplit(name, ".");
    let owner = holder;
    for (let i = 1; i < words.length - 1; i++) {
      if (!hasOwn(owner, words[i])) put(owner, words[i], {});
      owner = owner[words[i]];
    }
    return { owner, name: words[words.length - 1] };
  }

  function addEnums(holder, prefix) {
    const all = objectKeys(names.enums);
    for (let i = 0; i < all.length; i++) {
      if (prefix === "" ? stringIndexOf(all[i], ".") >= 0 : stringIndexOf(all[i], prefix) !== 0) continue;
      const at = place(holder, prefix === "" ? "." + all[i] : all[i]);
      if (!hasOwn(at.owner, at.name)) lazy(at.owner, at.name, () => unpack(names.enums[all[i]]));
    }
  }

  function addClasses(holder, prefix) {
    const all = objectKeys(names.classes);
    for (let i = 0; i < all.length; i++) {
      if (prefix === "" ? stringIndexOf(all[i], ".") >= 0 : stringIndexOf(all[i], prefix) !== 0) continue;
      const at = place(holder, prefix === "" ? "." + all[i] : all[i]);
      if (!hasOwn(at.owner, at.name)) lazy(at.owner, at.name, () => classOf(all[i]));
    }
  }

  function addFunctions(holder, owner) {
    const all = names.functions[owner] === undefined ? [] : stringSplit(names.functions[owner], "|");
    for (let i = 0; i < all.length; i++) {
      const word = stringSplit(all[i], "=");
      const found = getOwnPropertyDescriptor(holder, word[0]);
      if (found === undefined) missing(holder, word[0], owner === "" ? word[0] : owner + "." + word[0]);
      if (found === undefined || typeof found.value === "function") {
        defineProperty(holder[word[0]], "length", { __proto__: null, value: +word[1], configurable: true });
      }
    }
    return holder;
  }

  // A namespace with everything that the platform's has.
  function complete(holder, name) {
    addFunctions(holder, name);
    addEnums(holder, name + ".");
    addClasses(holder, name + ".");
    return holder;
  }

  // ---------------------------------------------------------------- objects
  // What is registered under the name of a class answers to all methods of that class.
  const register = V.register;
  const methods = { __proto__: null };
  V.register = (id, object) => {
    const label = V.labelOf(object);
    if (label !== undefined && label in names.classes) {
      const all = methods[label] || (methods[label] = stringSplit(names.classes[label], "|"));
      for (let i = 0; i < all.length; i++) {
        if (!(all[i] in object)) missing(object, all[i], label + "." + all[i]);
      }
    }
    return register(id, object);
  };

  // ---------------------------------------------------------------- modules
  const namespace = V.namespace;
  V.namespace = (id, name, value) => namespace(id, name, complete(value, name));

  const gates = { __proto__: null };
  const ids = stringSplit(names.gates, "|");
  for (let i = 0; i < ids.length; i++) gates[ids[i]] = true;
  const known = stringSplit(names.known, "|");
  for (let i = 0; i < known.length; i++) V.knownModules[known[i]] = true;
  const gated = objectKeys(names.gated);
  const load = V.loadModule;
  // A module that is not here brings its names, so that a scenario that requires it gets to the line that needs it.
  V.loadModule = (id) => {
    if (load(id)) return true;
    if (reason(id) !== undefined) V.warn("require(\"" + id + "\"): " + reason(id) + "; calling it will fail");
    if (gates[id] === true) return true;
    for (let i = 0; i < gated.length; i++) {
      if (names.gated[gated[i]] !== id || reason(gated[i]) === undefined) continue;
      if (!hasOwn(globalThis, gated[i])) V.namespace(id, gated[i], {});
      return true;
    }
    return false;
  };

  // ---------------------------------------------------------------- globals
  V.lazy = lazy;
  V.unpack = unpack;
  addFunctions(globalThis, "");
  addEnums(globalThis, "");
  addClasses(globalThis, "");
  const plain = stringSplit(names.plain, "|");
  for (let i = 0; i < plain.length; i++) {
    const name = plain[i];
    const found = getOwnPropertyDescriptor(globalThis, name);
    if (found !== undefined) complete(found.value, name);
    else lazy(globalThis, name, () => {
      // A namespace that needs no require may still live in a file of modules/: it is read when it is first used.
      V.loadModule(prim.stringToLowerCase(name));
      const made = getOwnPropertyDescriptor(globalThis, name).value;
      return made === undefined ? complete({}, name) : made;
    });
  }
})
