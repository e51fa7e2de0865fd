// Transfers (REFER) and re-INVITEs of a call: what the scenario asks for, and how it answers the far end.
(function (V) {
  const { Error, TypeError, Number } = globalThis;
  const { isObject, toHeaders, toText } = V;

  const LONGEST_BODY = 8192; // bytes, as sendInfo

  function failureCode(value, name) {
    const code = value === undefined || value === null ? 603 : Number(value);
    if (code >= 300 && code <= 699) return code;
    throw new Error("call." + name + ": the code must be 300 to 699, got " + V.describe(value));
  }

  function body(text, name) {
    const out = toText(text);
    const size = V.utf8Length(out);
    if (size > LONGEST_BODY) throw new Error("call." + name + ": " + size + " bytes, the limit is " + LONGEST_BODY);
    return out;
  }

  V.callPart((call, id, about) => {
    let refers = 0;
    V.methods(call, {
      __proto__: null,
      transferTo(parameters) {
        const p = isObject(parameters) ? parameters : { to: parameters };
        const to = toText(p.to) || (isObject(p.call) && typeof p.call.number === "function" ? p.call.number() : "");
        if (!to) throw new TypeError("call.transferTo needs 'to', got " + V.describe(parameters));
        about.command("transfer", {
          to,
          call: isObject(p.call) ? V.unitId(p.call, "call.transferTo") : "",
          headers: toHeaders(p.headers, "call.transferTo"),
          allowed: !(++refers > V.boot.limits.refers),
        });
      },
      handleBlindTransfer(on) {
        about.command("handletransfer", { on: on !== false });
      },
      notifyBlindTransferSuccess() {
        about.command("transferred", { code: 200, reason: "" });
      },
      notifyBlindTransferFailed(code, reason) {
        about.command("transferred", { code: failureCode(code, "notifyBlindTransferFailed"), reason: toText(reason) });
      },
      reInvite(extraHeaders, mimeType, text) {
        about.command("reinvite", {
          headers: toHeaders(extraHeaders, "call.reInvite"),
          mime: toText(mimeType),
          body: body(text, "reInvite"),
        });
      },
      acceptReInvite(extraHeaders, mimeType, text) {
        about.command("acceptreinvite", {
          headers: toHeaders(extraHeaders, "call.acceptReInvite"),
          mime: toText(mimeType),
          body: body(text, "acceptReInvite"),
        });
      },
      rejectReInvite(extraHeaders, parameters) {
        const p = isObject(parameters) ? parameters : {};
        about.command("rejectreinvite", {
          headers: toHeaders(extraHeaders, "call.rejectReInvite"),
          code: failureCode(p.code === undefined || p.code === null ? 488 : p.code, "rejectReInvite"),
          reason: toText(p.reason),
        });
      },
    });
  });

  // As the platform's acceptReInviteByDefault: where nobody listens, a re-INVITE is accepted as it is.
  V.on("Call.ReInviteReceived", (target, data) => {
    const call = V.lookup(target);
    if (call === undefined) return;
    if (V.hasListeners(call, "Call.ReInviteReceived")) V.deliver("Call.ReInviteReceived", target, data);
    else call.acceptReInvite({}, data.mimeType, "");
  });
})
