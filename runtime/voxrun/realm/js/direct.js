// answerDirect: the peer-to-peer answer. The two devices have their audio from each other, not from here.
(function (V) {
  const { TypeError } = globalThis;
  const { isObject, toHeaders } = V;

  const direct = new V.prim.WeakSet(); // calls that callUserDirect placed

  V.callPart((call, id, about) => {
    if (about.facts.direct) V.prim.weakSetAdd(direct, call);
    V.methods(call, {
      __proto__: null,
      answerDirect(peer, extraHeaders, parameters) {
        if (!about.onlyIncoming("answerDirect")) return;
        if (!isObject(peer) || typeof peer.answerDirect !== "function") {
          throw new TypeError("call.answerDirect needs the other call, got " + V.describe(peer));
        }
        if (!V.prim.weakSetHas(direct, peer)) {
          V.warn("call.answerDirect: the other call is none of callUserDirect, so the audio goes through voxrun");
          call.answer(extraHeaders, parameters);
          V.sendMediaBetween(call, peer);
          return;
        }
        about.command("answerdirect", {
          peer: V.unitId(peer, "call.answerDirect"),
          headers: toHeaders(extraHeaders, "call.answerDirect"),
        });
        about.direct(true);
      },
    });
  });
})
