// Who listens to what: addEventListener and removeEventListener of everything that has events, and V.dispatch, which
// calls the listeners. Each line of the scenario that adds listeners is known, with how often they ran.
(function (V) {
  "use strict";
  const { defineProperty, list, weakMapGet, weakMapSet } = V.prim;
  const { hidden } = V;

  const listenerTables = new V.prim.WeakMap();
  const allListeners = list(); // one for each line of the scenario that adds listeners
  const listenersByLine = { __proto__: null };
  const MOST_LISTENERS = 1000;

  function table(object) {
    let found = weakMapGet(listenerTables, object);
    if (found === undefined) {
      found = { __proto__: null };
      weakMapSet(listenerTables, object, found);
    }
    return found;
  }

  const labels = new V.prim.WeakMap(); // what has listeners -> the name of its class
  V.label = function (object, name) { weakMapSet(labels, object, name); };
  V.labelOf = function (object) { return weakMapGet(labels, object); };

  function lineOf(label, event, where) {
    const key = label + "\n" + event + "\n" + where;
    let line = listenersByLine[key];
    if (line === undefined) {
      line = { __proto__: null, label: label, event: event, where: where, fired: 0 };
      if (allListeners.length < MOST_LISTENERS) {
        listenersByLine[key] = line;
        allListeners[allListeners.length] = line;
      }
    }
    return line;
  }

  function addListener(object, name, callback) {
    const own = table(object);
    const entry = {
      __proto__: null, event: name, callback: callback, where: V.position(), line: { __proto__: null, fired: 0 },
    };
    if (own[name] === undefined) own[name] = list();
    own[name][own[name].length] = entry;
    return entry;
  }

  // A listener of our own: it counts as one of the scenario's, but is not listed among them.
  V.listen = function (object, name, callback) { addListener(object, name, callback); };

  // Both methods work unbound, and through a proxy of the target. `heard(name)` is told of each event of the target
  // when the scenario first listens to it.
  V.emitter = function (target, label, heard) {
    weakMapSet(labels, target, label);
    hidden(target, "addEventListener", function addEventListener(event, callback) {
      const name = "" + event, first = table(target)[name] === undefined;
      const entry = addListener(target, name, callback);
      entry.line = lineOf(label, name, entry.where);
      if (first && heard !== undefined) heard(name);
      if (event === undefined) V.warn(label + ".addEventListener: the event is undefined, so it never comes; is its name right?");
    });
    hidden(target, "removeEventListener", function removeEventListener(event, callback) {
      const own = table(target), name = "" + event, old = own[name];
      if (old === undefined) return;
      if (callback === undefined) { delete own[name]; return; }
      const kept = list();
      let removed = false;
      for (let i = 0; i < old.length; i++) {
        if (!removed && old[i].callback === callback) removed = true;
        else kept[kept.length] = old[i];
      }
      if (kept.length === 0) delete own[name];
      else own[name] = kept;
    });
    return target;
  };

  V.hasListeners = function (object, name) {
    return table(object)[name] !== undefined;
  };

  V.listeners = function () { return allListeners; };

  V.dispatch = function (object, name, event) {
    const results = [], found = table(object)[name];
    if (found === undefined) return results;
    const count = found.length; // listeners added meanwhile wait for the next event
    for (let i = 0; i < count; i++) {
      const entry = found[i];
      entry.line.fired++;
      const value = V.run(entry.callback, event, name, entry.where);
      defineProperty(results, i, {
        __proto__: null, value: value, writable: true, configurable: true, enumerable: true,
      });
    }
    return results;
  };
})
