// PhoneNumber.getInfo: parses and judges telephone numbers. Needs no require; read when a scenario first uses it.
// The numbering plans come at boot, see phone_numbers.py; a plan is read when a number of its country is asked for.
// The rules are those of Google's libphonenumber, which the platform's own names of fields and errors come from.
(function (V) {
  const { Error, JSONparse, RegExp, regExpExec, stringSlice, stringSplit, stringStartsWith } = V.prim;

  // Places in a row of the table.
  const ID = 0, IDD = 1, PREFIX = 2, TRANSFORM = 3, LEADING = 4, SAME = 5, GENERAL = 6;
  const FIXED = 7, MOBILE = 8;
  const OTHERS = [
    ["PREMIUM_RATE", 10], ["TOLL_FREE", 9], ["SHARED_COST", 11], ["VOIP", 13], ["PERSONAL_NUMBER", 12],
    ["PAGER", 14], ["UAN", 15], ["VOICEMAIL", 16],
  ];

  const LONGEST_TEXT = 250;
  const SHORTEST_NSN = 2;
  const LONGEST_NSN = 17;

  // What the first character of a number may be, and what stands between digits: hyphens, blanks, brackets, slashes.
  const DIGITS = "0-9\uff10-\uff19\u0660-\u0669\u06f0-\u06f9";
  const BETWEEN = "-x\u2010-\u2015\u2212\u30fc\uff0d-\uff0f \u00a0\u00ad\u200b\u2060\u3000()\uff08\uff09\uff3b\uff3d.\\[\\]/~\u2053\u223c\uff5e";
  const START = new RegExp("[+\uff0b" + DIGITS + "]");
  const END = new RegExp("[^" + DIGITS + "A-Za-z#]+$");
  const SECOND = /[\\/] *x/;
  // Extensions by what announces them, the surer the longer: "ext. 12", "x 12", "-12#", ",,12", ",12".
  const GAP = "[ \u00a0\\t,]*", BLANKS = "[ \u00a0\\t]*", THEN = "[:.\uff0e]?[ \u00a0\\t,-]*";
  const keys = (most) => "[" + DIGITS + "]{1," + most + "}";
  const EXTENSIONS = "(?:;ext=" + keys(20)
    + "|" + GAP + "(?:e?xt(?:ensi(?:o\u0301?|\u00f3))?n?|\uff45?\uff58\uff54\uff4e?|\u0434\u043e\u0431|anexo)" + THEN + keys(20) + "#?"
    + "|" + GAP + "(?:[x\uff58#\uff03~\uff5e]|int|\uff49\uff4e\uff54)" + THEN + keys(9) + "#?"
    + "|[- ]+" + keys(6) + "#"
    + "|" + BLANKS + "(?:,{2}|;)" + THEN + keys(15) + "#?"
    + "|" + BLANKS + ",+" + THEN + keys(9) + "#?)";
  const EXTENSION = new RegExp(EXTENSIONS + "$", "i");
  const VIABLE = new RegExp(
    "^(?:[" + DIGITS + "]{2}|[+\uff0b]*(?:[" + BETWEEN + "*]*[" + DIGITS + "]){3,}[" + BETWEEN + "*A-Za-z" + DIGITS + "]*"
    + EXTENSIONS + "?)$", "i");
  const LETTERS = /^(?:[^]*?[A-Za-z]){3}/;
  const PLUS = /^[+\uff0b]+/;
  const KEYPAD = "22233344455566677778889999"; // A to Z

  const failure = (code) => ({ __proto__: null, code });

  // ---------------------------------------------------------------- plans

  const plans = { __proto__: null };      // calling code -> regions
  const expressions = { __proto__: null }; // source -> RegExp
  let codes;                               // region -> calling code

  function table() {
    const found = V.boot.phoneNumbers;
    if (found === undefined) {
      throw new Error("PhoneNumber.getInfo: the scenario has to name PhoneNumber in its text, for the numbering plans are loaded where it does");
    }
    if (found.error !== undefined) throw new Error("PhoneNumber.getInfo: " + found.error);
    return found;
  }

  function regionsOf(code) {
    if (plans[code] === undefined) {
      const text = V.prim.hasOwn(table(), code) ? table()[code] : undefined;
      plans[code] = typeof text === "string" && code !== "regions" ? JSONparse(text) : null;
    }
    return plans[code];
  }

  function codeOf(region) {
    if (codes === undefined) {
      codes = { __proto__: null };
      const all = stringSplit(table().regions, "|");
      for (let i = 0; i < all.length; i++) codes[stringSlice(all[i], 0, 2)] = stringSlice(all[i], 2);
    }
    return codes[region];
  }

  function planOf(region, code) {
    const all = code === undefined ? null : regionsOf(code);
    for (let i = 0; all !== null && i < all.length; i++) if (all[i][ID] === region) return all[i];
    return undefined;
  }

  function matches(pattern, text, whole) {
    const source = "^(?:" + pattern + (whole ? ")$" : ")");
    const found = expressions[source] || (expressions[source] = new RegExp(source));
    return regExpExec(found, text);
  }

  function hasLength(lengths, length) {
    for (let i = 0; i < lengths.length; i++) if (lengths[i] === length) return true;
    return false;
  }

  const fits = (plan, place, number) => {
    const about = plan[place];
    if (about === 0) return false;
    const lengths = about[1] === 0 ? plan[GENERAL][1] : about[1];
    return (lengths.length === 0 || hasLength(lengths, number.length)) && matches(about[0], number, true) !== null;
  };

  // How the length of a national number compares with what its plan knows.
  function lengthOf(plan, number) {
    const lengths = plan[GENERAL][1], local = plan[GENERAL][2];
    if (hasLength(local, number.length)) return "local";
    if (number.length < lengths[0]) return "short";
    if (number.length > lengths[lengths.length - 1]) return "long";
    return hasLength(lengths, number.length) ? "possible" : "invalid";
  }

  function typeOf(plan, number) {
    if (!fits(plan, GENERAL, number)) return "UNKNOWN";
    for (let i = 0; i < OTHERS.length; i++) if (fits(plan, OTHERS[i][1], number)) return OTHERS[i][0];
    if (fits(plan, FIXED, number)) {
      return plan[SAME] || fits(plan, MOBILE, number) ? "FIXED_LINE_OR_MOBILE" : "FIXED_LINE";
    }
    return !plan[SAME] && fits(plan, MOBILE, number) ? "MOBILE" : "UNKNOWN";
  }

  // The plan of the region that a number belongs to.
  function home(code, number) {
    const all = regionsOf(code);
    if (all.length === 1) return all[0];
    for (let i = 0; i < all.length; i++) {
      const belongs = all[i][LEADING] ? matches(all[i][LEADING], number, false) !== null : typeOf(all[i], number) !== "UNKNOWN";
      if (belongs) return all[i];
    }
    return undefined;
  }

  // ---------------------------------------------------------------- parsing

  function digit(code) {
    if (code >= 48 && code <= 57) return code - 48;
    if (code >= 0xff10 && code <= 0xff19) return code - 0xff10;
    if (code >= 0x660 && code <= 0x669) return code - 0x660;
    return code >= 0x6f0 && code <= 0x6f9 ? code - 0x6f0 : -1;
  }

  // Digits alone; a number with three letters or more is spelled on the keypad.
  function normal(text) {
    const spelled = regExpExec(LETTERS, text) !== null;
    let out = "";
    for (let i = 0; i < text.length; i++) {
      const code = V.text.charCodeAt(text, i);
      const value = digit(code);
      const letter = code | 32;
      if (value >= 0) out += value;
      else if (spelled && letter >= 97 && letter <= 122 && code < 128) out += KEYPAD[letter - 97];
    }
    return out;
  }

  // The part of a text that may be a number, without its extension; "" for none.
  function candidate(text) {
    const start = regExpExec(START, text);
    if (start === null) return "";
    let out = stringSlice(text, start.index);
    const end = regExpExec(END, out);
    if (end !== null) out = stringSlice(out, 0, end.index);
    const second = regExpExec(SECOND, out);
    if (second !== null) out = stringSlice(out, 0, second.index);
    if (regExpExec(VIABLE, out) === null) return "";
    const extension = regExpExec(EXTENSION, out);
    if (extension === null) return out;
    const before = stringSlice(out, 0, extension.index);
    return regExpExec(VIABLE, before) === null ? out : before;
  }

  // A national number without the prefix that is dialled before it within the country.
  function withoutPrefix(plan, number) {
    if (!plan[PREFIX] || number === "") return number;
    const found = matches(plan[PREFIX], number, false);
    if (found === null) return number;
    const general = plan[GENERAL][0];
    const rest = stringSlice(number, found[0].length);
    const last = found[found.length - 1];
    let stripped = rest;
    if (plan[TRANSFORM] && last !== undefined && found.length > 1) {
      stripped = "";
      const rule = plan[TRANSFORM];
      for (let i = 0; i < rule.length; i++) {
        if (rule[i] === "$" || rule[i] === "\\") stripped += found[+rule[++i]] || "";
        else stripped += rule[i];
      }
      stripped += rest;
    }
    const was = matches(general, number, true) !== null;
    return was && matches(general, stripped, true) === null ? number : stripped;
  }

  // {code, rest} of a number that begins with its country calling code; undefined for none that is known.
  function split(number) {
    if (number[0] === "0") return undefined;
    for (let length = 1; length <= 3 && length <= number.length; length++) {
      const code = stringSlice(number, 0, length);
      if (regionsOf(code) !== null) return { __proto__: null, code, rest: stringSlice(number, length) };
    }
    return undefined;
  }

  // After a plus, or after what is dialled for abroad in the region; undefined for a national number.
  function international(text, plan) {
    const plus = regExpExec(PLUS, text);
    let number = normal(plus === null ? text : stringSlice(text, plus[0].length));
    if (plus === null) {
      const idd = plan === undefined || !plan[IDD] ? null : matches(plan[IDD], number, false);
      const rest = idd === null ? "" : stringSlice(number, idd[0].length);
      if (idd === null || rest[0] === "0") return undefined;
      number = rest;
    }
    if (number.length <= 2) return failure("TOO_SHORT_AFTER_IDD");
    return split(number) || failure("INVALID_COUNTRY_CODE");
  }

  // A national number that has its country calling code in front all the same.
  function unneeded(number, code, plan) {
    if (!stringStartsWith(number, code)) return undefined;
    const general = plan[GENERAL][0];
    const rest = withoutPrefix(plan, stringSlice(number, code.length));
    const better = matches(general, number, true) === null && matches(general, rest, true) !== null;
    return better || lengthOf(plan, number) === "long" ? { __proto__: null, code, rest } : undefined;
  }

  // {code, number} in E.164's parts, or {code: error} without a number.
  function parse(text, region) {
    if (text.length > LONGEST_TEXT) return failure("NOT_A_NUMBER");
    let written = candidate(text);
    if (written === "") return failure("NOT_A_NUMBER");
    let plus = regExpExec(PLUS, written);
    if (plus === null && region === "") { // without a country a number is taken as E.164
      written = "+" + written;
      plus = regExpExec(PLUS, written);
    }
    const own = codeOf(region);
    if (own === undefined && plus === null) return failure("INVALID_COUNTRY_CODE");
    let plan = planOf(region, own);
    let found = international(written, plan);
    if (found !== undefined && found.rest === undefined) {
      if (found.code !== "INVALID_COUNTRY_CODE" || plus === null) return found;
      // No country begins so: perhaps the plus should not be there.
      const again = stringSlice(written, plus[0].length);
      found = international(again, plan);
      if (found === undefined && own !== undefined) found = unneeded(normal(again), own, plan);
      if (found === undefined) return failure("INVALID_COUNTRY_CODE");
      if (found.rest === undefined) return found;
    }
    if (found === undefined) found = unneeded(normal(written), own, plan);
    let number;
    let code = own;
    if (found === undefined) number = normal(written);
    else {
      ({ code, rest: number } = found);
      const main = regionsOf(code)[0];
      if (main[ID] !== region) plan = main;
    }
    if (number.length < SHORTEST_NSN) return failure("TOO_SHORT_NSN");
    const stripped = withoutPrefix(plan, number);
    const length = lengthOf(plan, stripped);
    if (length !== "short" && length !== "local" && length !== "invalid") number = stripped;
    if (number.length < SHORTEST_NSN) return failure("TOO_SHORT_NSN");
    if (number.length > LONGEST_NSN) return failure("TOO_LONG_NSN");
    return { __proto__: null, code, number };
  }

  function getInfo(number, country) {
    table();
    const text = number === undefined || number === null ? "" : V.describe(number);
    const given = country === undefined || country === null ? "" : V.text.upper(V.describe(country));
    const found = parse(text, given);
    if (found.number === undefined) {
      return {
        number: text, numberType: "UNKNOWN", region: "", location: "",
        isPossibleNumber: false, isValidNumber: false, isValidNumberForRegion: false, error: found.code,
      };
    }
    const main = regionsOf(found.code)[0];
    const length = lengthOf(main, found.number);
    const plan = home(found.code, found.number);
    const type = plan === undefined ? "UNKNOWN" : typeOf(plan, found.number);
    const region = plan === undefined ? "" : plan[ID];
    const asked = given === "" ? plan : planOf(given, found.code);
    const names = table().names;
    return {
      number: "+" + found.code + found.number,
      numberType: type,
      region,
      location: V.prim.hasOwn(names, region) ? names[region] : "",
      isPossibleNumber: length === "possible" || length === "local",
      isValidNumber: type !== "UNKNOWN",
      isValidNumberForRegion: asked !== undefined && typeOf(asked, found.number) !== "UNKNOWN",
    };
  }

  V.namespace("phonenumber", "PhoneNumber", { getInfo });
})
