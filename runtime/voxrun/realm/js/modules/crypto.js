// Crypto: md5, sha1, sha256, hmac_sha256. Needs no require; read when a scenario first uses it.
// RFC 1321, RFC 3174, RFC 6234, RFC 2104. A text is hashed as UTF-8, a list as bytes; digests are lower-case hex.
(function (V) {
  const { TypeError, isArray, list, numberToString, stringSlice } = V.prim;

  // 32-bit words from hex digits, eight a word.
  function words(hex) {
    const out = list();
    for (let i = 0; i < hex.length; i += 8) out[i / 8] = V.prim.parseInt(stringSlice(hex, i, i + 8), 16) | 0;
    return out;
  }

  // floor(2^32 * |sin(i + 1)|)
  const MD5 = words("d76aa478e8c7b756242070dbc1bdceeef57c0faf4787c62aa8304613fd469501698098d88b44f7afffff5bb1895cd7be"
      + "6b901122fd987193a679438e49b40821f61e2562c040b340265e5a51e9b6c7aad62f105d02441453d8a1e681e7d3fbc8"
      + "21e1cde6c33707d6f4d50d87455a14eda9e3e905fcefa3f8676f02d98d2a4c8afffa39428771f6816d9d6122fde5380c"
      + "a4beea444bdecfa9f6bb4b60bebfbc70289b7ec6eaa127fad4ef308504881d05d9d4d039e6db99e51fa27cf8c4ac5665"
      + "f4292244432aff97ab9423a7fc93a039655b59c38f0ccc92ffeff47d85845dd16fa87e4ffe2ce6e0a30143144e0811a1"
      + "f7537e82bd3af2352ad7d2bbeb86d391");
  const MD5_TURNS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
  // The first 32 bits of the fractions of the cube roots of the first 64 primes.
  const SHA256 = words("428a2f9871374491b5c0fbcfe9b5dba53956c25b59f111f1923f82a4ab1c5ed5d807aa9812835b01243185be550c7dc3"
      + "72be5d7480deb1fe9bdc06a7c19bf174e49b69c1efbe47860fc19dc6240ca1cc2de92c6f4a7484aa5cb0a9dc76f988da"
      + "983e5152a831c66db00327c8bf597fc7c6e00bf3d5a7914706ca63511429296727b70a852e1b21384d2c6dfc53380d13"
      + "650a7354766a0abb81c2c92e92722c85a2bfe8a1a81a664bc24b8b70c76c51a3d192e819d6990624f40e3585106aa070"
      + "19a4c1161e376c082748774c34b0bcb5391c0cb34ed8aa4a5b9cca4f682e6ff3748f82ee78a5636f84c878148cc70208"
      + "90befffaa4506cebbef9a3f7c67178f2");
  const MD5_START = words("67452301efcdab8998badcfe10325476");
  const SHA1_START = words("67452301efcdab8998badcfe10325476c3d2e1f0");
  const SHA256_START = words("6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19");

  // Bytes of whatever was given: a text, a list of bytes, or (as the typings have it) a list of texts.
  function bytesOf(data, name) {
    if (data === undefined || data === null) throw new TypeError("Crypto." + name + " needs a text or a list of bytes, got " + data);
    if (!V.isBytes(data)) return V.utf8Encode(V.describe(data));
    if (isArray(data) && data.length > 0 && typeof data[0] === "string") {
      let text = "";
      for (let i = 0; i < data.length; i++) text += V.describe(data[i]);
      return V.utf8Encode(text);
    }
    return data;
  }

  // The message as 32-bit words with its end mark and its length in bits, in blocks of 16.
  function blocks(bytes, little) {
    const length = bytes.length;
    const count = ((length + 8) >> 6) * 16 + 16;
    const out = list();
    for (let i = 0; i < count; i++) out[i] = 0;
    for (let i = 0; i < length; i++) out[i >> 2] |= (bytes[i] & 255) << (little ? (i & 3) * 8 : 24 - (i & 3) * 8);
    out[length >> 2] |= 128 << (little ? (length & 3) * 8 : 24 - (length & 3) * 8);
    const high = (length / 0x20000000) | 0;
    const low = length << 3;
    out[count - 2] = little ? low : high;
    out[count - 1] = little ? high : low;
    return out;
  }

  // Rotations are written out: calls would take half of the time.
  function md5(bytes) {
    const m = blocks(bytes, true);
    let a = MD5_START[0], b = MD5_START[1], c = MD5_START[2], d = MD5_START[3];
    for (let at = 0; at < m.length; at += 16) {
      const a0 = a, b0 = b, c0 = c, d0 = d;
      for (let i = 0; i < 64; i++) {
        const round = i >> 4;
        let f, k;
        if (round === 0) { f = (b & c) | (~b & d); k = i; }
        else if (round === 1) { f = (d & b) | (~d & c); k = 5 * i + 1; }
        else if (round === 2) { f = b ^ c ^ d; k = 3 * i + 5; }
        else { f = c ^ (b | ~d); k = 7 * i; }
        const sum = (a + f + MD5[i] + m[at + (k & 15)]) | 0;
        a = d;
        d = c;
        c = b;
        const turn = MD5_TURNS[round * 4 + (i & 3)];
        b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
      }
      a = (a + a0) | 0;
      b = (b + b0) | 0;
      c = (c + c0) | 0;
      d = (d + d0) | 0;
    }
    return [a, b, c, d];
  }

  function sha1(bytes) {
    const m = blocks(bytes, false);
    const w = list();
    let h0 = SHA1_START[0], h1 = SHA1_START[1], h2 = SHA1_START[2], h3 = SHA1_START[3], h4 = SHA1_START[4];
    for (let at = 0; at < m.length; at += 16) {
      let a = h0, b = h1, c = h2, d = h3, e = h4;
      for (let i = 0; i < 80; i++) {
        const x = i < 16 ? m[at + i] : w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16];
        w[i] = i < 16 ? x : (x << 1) | (x >>> 31);
        const f = i < 20 ? ((b & c) | (~b & d)) + 0x5a827999
          : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
            : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
              : (b ^ c ^ d) + 0xca62c1d6;
        const next = (((a << 5) | (a >>> 27)) + f + e + w[i]) | 0;
        e = d;
        d = c;
        c = (b << 30) | (b >>> 2);
        b = a;
        a = next;
      }
      h0 = (h0 + a) | 0;
      h1 = (h1 + b) | 0;
      h2 = (h2 + c) | 0;
      h3 = (h3 + d) | 0;
      h4 = (h4 + e) | 0;
    }
    return [h0, h1, h2, h3, h4];
  }

  function sha256(bytes) {
    const m = blocks(bytes, false);
    const w = list();
    const h = list();
    for (let i = 0; i < 8; i++) h[i] = SHA256_START[i];
    for (let at = 0; at < m.length; at += 16) {
      let a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
      for (let i = 0; i < 64; i++) {
        if (i < 16) w[i] = m[at + i];
        else {
          const x = w[i - 15], y = w[i - 2];
          const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
          const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
          w[i] = (w[i - 16] + small0 + w[i - 7] + small1) | 0;
        }
        const big0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        const big1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        const first = (k + big1 + ((e & f) ^ (~e & g)) + SHA256[i] + w[i]) | 0;
        const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        k = g;
        g = f;
        f = e;
        e = (d + first) | 0;
        d = c;
        c = b;
        b = a;
        a = (first + second) | 0;
      }
      h[0] = (h[0] + a) | 0;
      h[1] = (h[1] + b) | 0;
      h[2] = (h[2] + c) | 0;
      h[3] = (h[3] + d) | 0;
      h[4] = (h[4] + e) | 0;
      h[5] = (h[5] + f) | 0;
      h[6] = (h[6] + g) | 0;
      h[7] = (h[7] + k) | 0;
    }
    return h;
  }

  // Words as bytes; MD5 has the lowest first.
  function toBytes(digest, little) {
    const out = list();
    for (let i = 0; i < digest.length * 4; i++) {
      out[i] = (digest[i >> 2] >>> (little ? (i & 3) * 8 : 24 - (i & 3) * 8)) & 255;
    }
    return out;
  }

  function hex(bytes) {
    let out = "";
    for (let i = 0; i < bytes.length; i++) out += stringSlice(numberToString(256 + bytes[i], 16), 1);
    return out;
  }

  // RFC 2104: the key fills one block of 64 bytes; a longer one is hashed first.
  function hmac(key, data) {
    const short = key.length > 64 ? toBytes(sha256(key), false) : key;
    const inner = list();
    const outer = list();
    for (let i = 0; i < 64; i++) {
      const byte = i < short.length ? short[i] & 255 : 0;
      inner[i] = byte ^ 0x36;
      outer[i] = byte ^ 0x5c;
    }
    for (let i = 0; i < data.length; i++) inner[64 + i] = data[i];
    const digest = toBytes(sha256(inner), false);
    for (let i = 0; i < 32; i++) outer[64 + i] = digest[i];
    return toBytes(sha256(outer), false);
  }

  V.namespace("crypto", "Crypto", {
    md5: (data) => hex(toBytes(md5(bytesOf(data, "md5")), true)),
    sha1: (data) => hex(toBytes(sha1(bytesOf(data, "sha1")), false)),
    sha256: (data) => hex(toBytes(sha256(bytesOf(data, "sha256")), false)),
    hmac_sha256: (key, data) => hex(hmac(bytesOf(key, "hmac_sha256"), bytesOf(data, "hmac_sha256"))),
  });
})
