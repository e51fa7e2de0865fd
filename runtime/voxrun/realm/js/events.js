// How an event from Python reaches the listeners of the object it happened to.
(function (V) {
  const { Map } = globalThis;
  const uncurry = (method) => Function.prototype.call.bind(method);
  const get = uncurry(Map.prototype.get);
  const set = uncurry(Map.prototype.set);
  const hooks = new Map(); // id -> function(kind, data): mirrors state, gives the event's own fields

  V.hook = (id, hook) => set(hooks, id, hook);

  // Runs a callback of the scenario: what it throws ends the session (or is survived with --keep-going).
  V.guard = (work) => {
    try {
      work();
    } catch (error) {
      V.fail(error);
    }
  };

  // Platform code that acts on events of any object, after the scenario's listeners: watcher(object, kind, data).
  const watchers = V.prim.list();
  V.watchEvents = (watcher) => {
    watchers[watchers.length] = watcher;
  };

  V.setDeliver((kind, target, data) => {
    const object = V.lookup(target);
    if (!object) return;
    const hook = get(hooks, target);
    const fields = hook ? hook(kind, data) : undefined;
    V.dispatch(object, kind, { name: kind, ...fields, ...data });
    for (let i = 0; i < watchers.length; i++) watchers[i](object, kind, data);
  });
})
