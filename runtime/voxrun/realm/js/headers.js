// Texts and headers as calls take them: whatever a scenario gives becomes texts by name, within the
// platform's limits for SIP headers. What is over a limit stays behind, with a warning that says so.
(function (V) {
  const keys = Object.keys;
  const isArray = Array.isArray;
  const { slice, lower } = V.text;
  const AROUND = 4; // bytes that ": " and the end of its line add to a header

  const toText = (value) => (value === undefined || value === null ? "" : "" + value);

  // The platform passes on X-* and User-to-User; VI-* are its own, for instance VI-CallTimeout.
  const noted = { __proto__: null };
  function checkName(name, wanted) {
    const low = lower(name);
    if (slice(low, 0, 2) === "x-" || slice(low, 0, 3) === "vi-" || low === "user-to-user" || noted[low]) return;
    noted[low] = true;
    V.warn(wanted + ": the header '" + name + "' does not begin with X-; the platform may not pass it on");
  }

  // {name: value} with texts, for call.<wanted>; null and undefined are no headers.
  function toHeaders(value, wanted) {
    const out = {};
    if (typeof value !== "object" || value === null || isArray(value)) return out;
    const limits = V.boot.limits;
    const names = keys(value);
    let total = 0;
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      if (value[name] === undefined || value[name] === null) continue;
      const text = V.describe(value[name]);
      const size = V.utf8Length(text);
      checkName(name, wanted);
      if (size > limits.header_bytes) {
        V.warn(wanted + ": the header '" + name + "' is left out: it has " + size + " bytes, the platform's limit is " + limits.header_bytes);
        continue;
      }
      if (total + V.utf8Length(name) + size + AROUND > limits.headers_bytes) {
        V.warn(wanted + ": the header '" + name + "' is left out: all headers together may have " + limits.headers_bytes + " bytes");
        continue;
      }
      total += V.utf8Length(name) + size + AROUND;
      out[name] = text;
    }
    return out;
  }

  V.toText = toText;
  V.toHeaders = toHeaders;
})
