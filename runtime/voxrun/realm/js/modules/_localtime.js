// getLocalTime: what a clock in a time zone shows, by the zone's POSIX TZ rule (_zones.js), read when it is
// first asked for.
(function (V) {
  const { Error, dateGetTime, dateUTC, mathFloor, objectCreate, stringIndexOf, stringSplit } = V.prim;
  V.loadModule("_zones");
  const SECOND = 1000, HOUR = 3600 * SECOND, DAY = 24 * HOUR;

  const rules = objectCreate(null); // zone in lower case -> rule text, later what it means
  for (let i = 0; i < V.zones.length; i++) {
    const words = stringSplit(V.zones[i], "|");
    for (let j = 1; j < words.length; j++) rules[V.text.lower(words[j])] = words[0];
  }
  delete V.zones;

  // Reads a rule from left to right: "EST5EDT,M3.2.0,M11.1.0", "<+0545>-5:45".
  function read(text) {
    let at = 0;
    const peek = () => V.text.charCodeAt(text, at); // NaN at the end
    const digit = (code) => code >= 48 && code <= 57;

    function name() {
      if (text[at] === "<") {
        at = stringIndexOf(text, ">", at) + 1;
        return;
      }
      while ((peek() | 32) >= 97 && (peek() | 32) <= 122) at++;
    }

    function number() {
      let value = 0;
      while (digit(peek())) value = 10 * value + (V.text.charCodeAt(text, at++) - 48);
      return value;
    }

    function time() { // [+-]hh[:mm[:ss]]
      let sign = 1;
      if (text[at] === "-" || text[at] === "+") sign = text[at++] === "-" ? -1 : 1;
      let total = number() * HOUR;
      for (let unit = 60 * SECOND; text[at] === ":"; unit /= 60) {
        at++;
        total += number() * unit;
      }
      return sign * total;
    }

    function change() { // ,Mmonth.week.day[/time]
      at += 2;
      const month = number();
      at++;
      const week = number();
      at++;
      const day = number();
      const hour = text[at] === "/" ? (at++, time()) : 2 * HOUR;
      return (year) => nthWeekday(year, month, week, day) + hour;
    }

    name();
    const standard = -time();
    if (at >= text.length) return { standard };
    name();
    const summer = text[at] === "," ? standard + HOUR : -time();
    return { standard, summer, start: change(), end: change() };
  }

  // Midnight of the week-th weekday of a month as if in UTC; week 5 is the last.
  function nthWeekday(year, month, week, day) {
    const first = dateUTC(year, month - 1, 1);
    const length = (dateUTC(year, month, 1) - first) / DAY;
    const weekday = (mathFloor(first / DAY) + 4) % 7; // 1970-01-01 was a Thursday
    let date = ((day - weekday + 7) % 7) + 7 * (week - 1);
    while (date >= length) date -= 7;
    return first + date * DAY;
  }

  function yearOf(ms) {
    let year = 1970 + mathFloor(ms / (365.2425 * DAY));
    while (dateUTC(year, 0, 1) > ms) year--;
    while (dateUTC(year + 1, 0, 1) <= ms) year++;
    return year;
  }

  function offset(rule, ms) {
    if (rule.summer === undefined) return rule.standard;
    const year = yearOf(ms + rule.standard);
    const start = rule.start(year) - rule.standard;
    const end = rule.end(year) - rule.summer;
    const inside = start < end ? ms >= start && ms < end : ms >= start || ms < end;
    return inside ? rule.summer : rule.standard;
  }

  V.localTime = (zone, date) => {
    const key = V.text.lower("" + zone);
    let rule = rules[key];
    if (rule === undefined) {
      throw new Error("getLocalTime: there is no time zone '" + zone + "'; zones are called like Europe/Berlin");
    }
    if (typeof rule === "string") rule = rules[key] = read(rule);
    const ms = date === undefined ? V.now() : typeof date === "number" ? date : dateGetTime(date);
    return new V.prim.Date(ms + offset(rule, ms));
  };
})
