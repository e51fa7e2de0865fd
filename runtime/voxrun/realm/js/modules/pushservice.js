// Once this is required, a call to a user who is not there sends a push notification and waits for that user to come.
// Each `call.dial` to a user has `options.push` then: how many ms it waits.
(function (V) {
  const { isFinite, mathFloor, mathMax, mathMin } = V.prim;
  const SHORTEST = 10000;
  const DEFAULT = 20000;
  const LONGEST = 60000;

  V.pushTimeout = (wished) => {
    if (wished === undefined || wished === null) return DEFAULT;
    const ms = +wished;
    if (!isFinite(ms)) return DEFAULT;
    return mathMin(LONGEST, mathMax(SHORTEST, mathFloor(ms)));
  };
})
