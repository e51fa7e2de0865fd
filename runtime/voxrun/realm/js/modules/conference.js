// Modules.Conference: createConference, destroyConference, Conference and Endpoint objects. The mix is Python's.
//
// Commands: conference.create {hd}, conference.add {endpoint, call, direction, mode}, conference.name
// {endpoint, name}, conference.manage {endpoint, promise}, conference.stop. Events: Conference.*.
(function (V) {
  const { Error, TypeError, arrayIncludes, arrayJoin, list } = V.prim;

  const DIRECTIONS = ["SEND", "RECEIVE", "BOTH"];
  const MODES = ["MIX", "FORWARD"];
  function oneOf(value, names, otherwise, what) {
    if (value === undefined || value === null) return otherwise;
    const text = V.text.upper("" + value);
    if (arrayIncludes(names, text)) return text;
    throw new Error("conference.add: " + what + " must be " + arrayJoin(names, ", ") + ", got " + V.describe(value));
  }

  let forwardTold = false;

  function makeEndpoint(conferenceId, wish) {
    const id = V.newId("endpoint");
    const endpoint = {};
    let name = wish.name;
    V.methods(endpoint, {
      __proto__: null,
      id: () => id,
      getCall: () => wish.call,
      getDirection: () => wish.direction,
      getMode: () => wish.mode,
      setDisplayName(value) {
        name = "" + value;
        V.command("conference.name", conferenceId, { endpoint: id, name });
      },
      // What it chooses are video streams; scenarios await it, so it resolves.
      manageEndpoint(parameters) {
        V.warn("endpoint.manageEndpoint: it chooses video streams, and calls here have audio only");
        const made = V.promise();
        V.command("conference.manage", conferenceId, { endpoint: id, promise: made.id });
        return made.promise;
      },
    });
    V.label(endpoint, "Endpoint");
    V.register(id, endpoint);
    return endpoint;
  }

  function makeConference(id) {
    const conference = {};
    let endpoints = list(); // {id, endpoint}
    let stopped = false;

    function stop() {
      if (stopped) return;
      stopped = true;
      V.command("conference.stop", id, {});
    }

    V.methods(conference, {
      __proto__: null,
      id: () => id,
      toString: () => "Conference " + id,
      stop,
      getList() {
        const out = [];
        for (let i = 0; i < endpoints.length; i++) out[i] = endpoints[i].endpoint;
        return out;
      },
      get(wanted) {
        for (let i = 0; i < endpoints.length; i++) if (endpoints[i].id === wanted) return endpoints[i].endpoint;
        return undefined;
      },
      add(parameters) {
        if (!V.isObject(parameters)) throw new TypeError("conference.add needs {call, mode, direction}, got " + V.describe(parameters));
        const call = V.unitId(parameters.call, "conference.add");
        const wish = {
          call: parameters.call,
          direction: oneOf(parameters.direction, DIRECTIONS, "BOTH", "direction"),
          mode: oneOf(parameters.mode, MODES, "MIX", "mode"),
          name: parameters.displayName === undefined ? "" : "" + parameters.displayName,
        };
        if (wish.mode === "FORWARD" && !forwardTold) {
          forwardTold = true;
          V.warn("conference.add: calls here have audio only, so mode FORWARD gives the mix like MIX; video is not sent");
        }
        const endpoint = makeEndpoint(id, wish);
        if (stopped) {
          V.warn("conference.add ignored: the conference is stopped");
          return endpoint;
        }
        endpoints[endpoints.length] = { __proto__: null, id: endpoint.id(), endpoint };
        V.command("conference.add", id, { endpoint: endpoint.id(), call, direction: wish.direction, mode: wish.mode, name: wish.name });
        return endpoint;
      },
    });
    V.mediaUnit(conference, id, () => (stopped ? "the conference is stopped" : ""));
    const disconnect = conference.stopMediaTo;
    V.methods(conference, { __proto__: null, stopMediaTo(mediaUnit) { disconnect(mediaUnit); } });
    V.emitter(conference, "Conference");
    V.register(id, conference);

    function drop(endpointId) {
      const kept = list();
      for (let i = 0; i < endpoints.length; i++) if (endpoints[i].id !== endpointId) kept[kept.length] = endpoints[i];
      endpoints = kept;
    }
    V.hook(id, (kind, data) => {
      // An endpoint that was refused or whose call is over is none any more.
      if (kind === "Conference.EndpointRemoved" || (kind === "Conference.Error" && data.endpointId)) drop(data.endpointId);
      else if (kind === "Conference.Stopped") endpoints = list();
      return { conference };
    });
    return conference;
  }

  V.methods(V.lookup(""), {
    __proto__: null,
    createConference(parameters) {
      const id = V.newId("conference");
      V.command("conference.create", id, { hd: V.isObject(parameters) && !!parameters.hd_audio });
      return makeConference(id);
    },
    destroyConference(conference) {
      if (V.isObject(conference) && V.labelOf(conference) === "Conference") conference.stop();
      else throw new TypeError("VoxEngine.destroyConference needs a conference, got " + V.describe(conference));
    },
  });
})
