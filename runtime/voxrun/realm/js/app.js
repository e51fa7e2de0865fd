// VoxEngine itself: application events, calls, media between units, the end of the session.
(function (V) {
  const { isObject, toText } = V;
  const { hasOwn } = V.prim;

  const LONGEST_CUSTOM_DATA = 200; // bytes; one page of the documentation says 2000 characters
  let custom = "";
  V.onBoot(() => {
    custom = V.boot.customData;
  });
  let over = false;

  const VoxEngine = {
    // Works unbound and ignores its arguments: scenarios pass it as a callback.
    terminate() {
      if (over) return;
      over = true;
      V.command("session.terminate", "", {});
    },
    customData(value) {
      if (value !== undefined) {
        custom = toText(value);
        const size = V.utf8Length(custom);
        if (size > LONGEST_CUSTOM_DATA) {
          V.warn("VoxEngine.customData: " + size + " bytes, the platform keeps " + LONGEST_CUSTOM_DATA);
        }
        V.command("session.customdata", "", { value: custom });
      }
      return custom;
    },
    getSecretValue(name) {
      const secrets = V.boot.secrets;
      const key = toText(name);
      if (hasOwn(secrets, key)) return secrets[key];
      V.log("system", "VoxEngine.getSecretValue: no secret '" + key + "'; give it with --secret " + key + "=VALUE or an --env-file");
      return undefined;
    },
    sendMediaBetween: V.sendMediaBetween,
    stopMediaBetween: V.stopMediaBetween,
  };
  V.copyFields(VoxEngine, V.engine); // what the files before this one have given to VoxEngine
  V.emitter(VoxEngine, "VoxEngine");
  V.register("", VoxEngine);

  // What a module brings: without its require it works all the same, with a warning.
  const BROUGHT = { __proto__: null, createConference: "Conference", destroyConference: "Conference" };
  for (const name in BROUGHT) {
    V.methods(VoxEngine, { __proto__: null, [name](value) {
      V.warn("VoxEngine." + name + " without require(Modules." + BROUGHT[name] + "): the platform may insist on it");
      V.loadModule(V.text.lower(BROUGHT[name]));
      return VoxEngine[name](value);
    } });
  }

  V.on("Application.CallAlerting", (target, data) => {
    const call = V.incomingCall(target, {
      incoming: true,
      callerid: data.callerid,
      displayName: data.displayName,
      number: data.destination,
      clientType: data.clientType,
      headers: data.headers,
      customData: data.customData,
    });
    const event = {
      name: "Application.CallAlerting",
      call,
      callerid: data.callerid,
      destination: data.destination,
      toURI: data.toURI,
      fromURI: data.fromURI,
      displayName: data.displayName,
      headers: { ...data.headers },
      scheme: data.scheme,
    };
    if (data.customData) event.customData = data.customData;
    V.dispatch(VoxEngine, "Application.CallAlerting", event);
  });

  // What the handler returns is the reply: text as it is, anything else as JSON.
  function reply(id, value) {
    if (value === undefined) V.command("access.reply", id, { body: "", json: false });
    else if (typeof value === "string" || typeof value === "number") V.command("access.reply", id, { body: "" + value, json: false });
    else V.command("access.reply", id, { body: V.describe(value), json: true });
  }

  V.on("Application.HttpRequest", (target, data) => {
    const values = V.dispatch(VoxEngine, "Application.HttpRequest", { name: "Application.HttpRequest", ...data });
    let value;
    for (let i = 0; i < values.length; i++) if (values[i] !== undefined) value = values[i];
    if (isObject(value) && typeof value.then === "function") value.then((later) => reply(target, later));
    else reply(target, value);
  });

  V.terminate = VoxEngine.terminate;
  V.expose("VoxEngine", VoxEngine);
})
