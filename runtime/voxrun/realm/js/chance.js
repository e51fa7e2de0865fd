// Ids and chance: the same in every run of a session. V.seed(state, ids) is called when the session starts.
(function (V) {
  "use strict";
  const { mathImul, numberToString, stringCharCodeAt, stringSlice } = V.prim;

  const counters = { __proto__: null };
  let idSeed = "";
  let r0 = 0, r1 = 0, r2 = 0, r3 = 1; // sfc32 state

  V.seed = function (state, ids) {
    r0 = state[0]; r1 = state[1]; r2 = state[2]; r3 = state[3] | 1;
    for (let i = 0; i < 12; i++) random();
    idSeed = ids;
  };

  function hash32(text, h) {
    for (let i = 0; i < text.length; i++) {
      h = mathImul(h ^ stringCharCodeAt(text, i), 0x01000193);
      h = h ^ (h >>> 15);
    }
    h = mathImul(h ^ (h >>> 16), 0x85ebca6b);
    h = mathImul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> 0;
  }

  function hex8(n) {
    return stringSlice("0000000" + numberToString(n, 16), -8);
  }

  V.newId = function (kind) {
    const n = counters[kind] = (counters[kind] || 0) + 1;
    const text = idSeed + ":" + kind + ":" + n;
    return hex8(hash32(text, 0x811c9dc5)) + hex8(hash32(text, 0x9e3779b9))
      + hex8(hash32(text, 0x7feb352d)) + hex8(hash32(text, 0x68e31da4));
  };

  function random() {
    const t = (((r0 + r1) | 0) + r3) | 0;
    r3 = (r3 + 1) | 0;
    r0 = r1 ^ (r1 >>> 9);
    r1 = (r2 + (r2 << 3)) | 0;
    r2 = ((r2 << 21) | (r2 >>> 11));
    r2 = (r2 + t) | 0;
    return t >>> 0;
  }

  V.hidden(Math, "random", { random() {
    return (random() * 0x200000 + (random() >>> 11)) / 0x20000000000000;
  } }.random);
})
