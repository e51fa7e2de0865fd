// Globals that need no require and touch nothing outside: ids, base64, bytes, hex, distances.
(function (V) {
  // Captured before any scenario runs: what a scenario does to String.prototype must not reach us.
  const uncurry = (method) => Function.prototype.call.bind(method);
  const { Error, TypeError, Uint8Array } = globalThis;
  const isArray = Array.isArray;
  const fromCharCode = String.fromCharCode;
  const charCodeAt = uncurry(String.prototype.charCodeAt);
  V.text = {
    __proto__: null,
    charCodeAt,
    fromCharCode,
    indexOf: uncurry(String.prototype.indexOf),
    lower: uncurry(String.prototype.toLowerCase),
    slice: uncurry(String.prototype.slice),
    split: uncurry(String.prototype.split),
    trim: uncurry(String.prototype.trim),
    upper: uncurry(String.prototype.toUpperCase),
  };

  function isBytes(value) {
    return isArray(value) || value instanceof Uint8Array;
  }

  // UTF-8 by hand: the engine has no TextEncoder, and lone surrogates become U+FFFD as everywhere else.
  function utf8Encode(text) {
    const out = [];
    let n = 0;
    for (let i = 0; i < text.length; i++) {
      let code = charCodeAt(text, i);
      if (code >= 0xd800 && code <= 0xdbff && i + 1 < text.length) {
        const low = charCodeAt(text, i + 1);
        if (low >= 0xdc00 && low <= 0xdfff) {
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
          i++;
        } else {
          code = 0xfffd;
        }
      } else if (code >= 0xd800 && code <= 0xdfff) {
        code = 0xfffd;
      }
      if (code < 0x80) {
        out[n++] = code;
      } else if (code < 0x800) {
        out[n++] = 0xc0 | (code >> 6);
        out[n++] = 0x80 | (code & 63);
      } else if (code < 0x10000) {
        out[n++] = 0xe0 | (code >> 12);
        out[n++] = 0x80 | ((code >> 6) & 63);
        out[n++] = 0x80 | (code & 63);
      } else {
        out[n++] = 0xf0 | (code >> 18);
        out[n++] = 0x80 | ((code >> 12) & 63);
        out[n++] = 0x80 | ((code >> 6) & 63);
        out[n++] = 0x80 | (code & 63);
      }
    }
    return out;
  }

  // Bytes that are no UTF-8 become U+FFFD, one for each piece that could have begun a character (the
  // practice of the WHATWG Encoding standard, and of Python's "replace").
  function utf8Decode(bytes) {
    let out = "";
    for (let i = 0; i < bytes.length; ) {
      const first = bytes[i++] & 255;
      if (first < 0x80) {
        out += fromCharCode(first);
        continue;
      }
      let more = first >= 0xc2 && first <= 0xdf ? 1 : first >= 0xe0 && first <= 0xef ? 2 : first >= 0xf0 && first <= 0xf4 ? 3 : 0;
      if (more === 0) {
        out += "\ufffd";
        continue;
      }
      // The second byte rules out overlong forms, surrogates and what lies beyond U+10FFFF.
      let lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
      let highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
      let code = first & (0x3f >> more);
      for (; more > 0 && i < bytes.length; more--) {
        const next = bytes[i] & 255;
        if (next < lowest || next > highest) break;
        code = (code << 6) | (next & 63);
        lowest = 0x80;
        highest = 0xbf;
        i++;
      }
      if (more > 0) out += "\ufffd";
      else if (code < 0x10000) out += fromCharCode(code);
      else out += fromCharCode(0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
    }
    return out;
  }

  function latin1Encode(text, highest) {
    const out = [];
    for (let i = 0; i < text.length; i++) {
      const code = charCodeAt(text, i);
      out[i] = code > highest ? 63 : code; // "?" for what the encoding cannot hold
    }
    return out;
  }

  function encodingOf(name) {
    const plain = V.text.lower(name === undefined || name === null ? "utf-8" : "" + name);
    if (plain === "utf-8" || plain === "utf8") return "utf-8";
    if (plain === "latin1" || plain === "iso-8859-1" || plain === "binary") return "latin1";
    if (plain === "ascii" || plain === "us-ascii") return "ascii";
    throw new Error("unknown encoding '" + name + "': voxrun knows utf-8, iso-8859-1 and ascii");
  }

  function str2bytes(text, encoding) {
    const which = encodingOf(encoding);
    if (which === "utf-8") return utf8Encode("" + text);
    return latin1Encode("" + text, which === "ascii" ? 127 : 255);
  }

  function bytes2str(bytes, encoding) {
    if (!isBytes(bytes)) throw new TypeError("bytes2str needs a list of bytes");
    const which = encodingOf(encoding);
    if (which === "utf-8") return utf8Decode(bytes);
    let out = "";
    for (let i = 0; i < bytes.length; i++) {
      const code = bytes[i] & 255;
      out += fromCharCode(which === "ascii" && code > 127 ? 0xfffd : code);
    }
    return out;
  }

  const HEX = "0123456789abcdef";

  function bytes2hex(bytes, upper) {
    if (!isBytes(bytes)) throw new TypeError("bytes2hex needs a list of bytes");
    let out = "";
    for (let i = 0; i < bytes.length; i++) out += HEX[(bytes[i] >> 4) & 15] + HEX[bytes[i] & 15];
    return upper ? V.text.upper(out) : out;
  }

  function hexDigit(code) {
    if (code >= 48 && code <= 57) return code - 48;
    const letter = code | 32;
    return letter >= 97 && letter <= 102 ? letter - 87 : -1;
  }

  function hex2bytes(hex) {
    const text = "" + hex;
    if (text.length % 2) throw new Error("hex2bytes needs an even number of hex digits, got " + text.length);
    const out = [];
    for (let i = 0; i < text.length; i += 2) {
      const high = hexDigit(charCodeAt(text, i));
      const low = hexDigit(charCodeAt(text, i + 1));
      if (high < 0 || low < 0) throw new Error("hex2bytes: no hex digit at position " + i);
      out[i / 2] = high * 16 + low;
    }
    return out;
  }

  const B64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const B64_VALUE = { __proto__: null };
  for (let i = 0; i < 64; i++) B64_VALUE[B64[i]] = i;
  B64_VALUE["-"] = 62;
  B64_VALUE["_"] = 63;

  function base64_encode(data) {
    const bytes = isBytes(data) ? data : utf8Encode("" + data);
    let out = "";
    for (let i = 0; i < bytes.length; i += 3) {
      const left = bytes.length - i;
      const group = ((bytes[i] & 255) << 16) | ((left > 1 ? bytes[i + 1] & 255 : 0) << 8) | (left > 2 ? bytes[i + 2] & 255 : 0);
      out += B64[group >> 18] + B64[(group >> 12) & 63];
      out += (left > 1 ? B64[(group >> 6) & 63] : "=") + (left > 2 ? B64[group & 63] : "=");
    }
    return out;
  }

  // Gives bytes, as the platform does; characters outside the alphabet are skipped.
  function base64_decode(text) {
    const source = "" + text;
    const out = [];
    let n = 0;
    let bits = 0;
    let held = 0;
    for (let i = 0; i < source.length && source[i] !== "="; i++) {
      const value = B64_VALUE[source[i]];
      if (value === undefined) continue;
      held = (held << 6) | value;
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        out[n++] = (held >> bits) & 255;
      }
    }
    return out;
  }

  function uuidgen() {
    const hex = V.newId("uuid");
    const variant = HEX[8 + (hexDigit(charCodeAt(hex, 16)) & 3)];
    const cut = V.text.slice;
    return (
      cut(hex, 0, 8) + "-" + cut(hex, 8, 12) + "-4" + cut(hex, 13, 16) + "-" + variant + cut(hex, 17, 20) + "-" + cut(hex, 20, 32)
    );
  }

  function levenshtein_distance(first, second) {
    const a = "" + first;
    const b = "" + second;
    let row = [];
    for (let j = 0; j <= b.length; j++) row[j] = j;
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
        const step = (row[j] < next[j - 1] ? row[j] : next[j - 1]) + 1;
        next[j] = change < step ? change : step;
      }
      row = next;
    }
    return row[b.length];
  }

  function getLocalTime(timezone, date) {
    V.loadModule("_localtime");
    return V.localTime(timezone, date);
  }

  V.utf8Encode = utf8Encode;
  V.utf8Decode = utf8Decode;
  V.utf8Length = (text) => utf8Encode("" + text).length;
  V.isBytes = isBytes;
  V.base64Encode = base64_encode;
  V.base64Decode = base64_decode;

  V.expose("str2bytes", str2bytes);
  V.expose("bytes2str", bytes2str);
  V.expose("bytes2hex", bytes2hex);
  V.expose("hex2bytes", hex2bytes);
  V.expose("base64_encode", base64_encode);
  V.expose("base64_decode", base64_decode);
  V.expose("getLocalTime", getLocalTime);
  V.expose("uuidgen", uuidgen);
  V.expose("levenshtein_distance", levenshtein_distance);
})
