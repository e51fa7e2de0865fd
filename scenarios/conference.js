/*
 * A conference with a PIN: asks for it, then puts the caller through to the room that it opens. Rooms are sessions
 * of their own (conference.room.js), which everybody with the same PIN shares.
 *
 *   *   in the conference: mute, and back
 *
 *   Try it here     bin/voxrun scenarios/conference.js --conference scenarios/conference.room.js
 *                   call from two windows and type 1234# in both
 *   More rooms      voxrun storage import pins.json         with {"pin:4711": "board"}
 */
require(Modules.ApplicationStorage);

const PINS = { 1234: 'lobby' }; // those of ApplicationStorage come on top: key "pin:4711", value "board"
const ATTEMPTS = 3;

Logger.hideTones(true);

async function roomOf(pin) {
  if (!pin) return undefined;
  const stored = await ApplicationStorage.get(`pin:${pin}`);
  return stored ? stored.value : PINS[pin];
}

VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call, callerid, displayName }) => {
  let pin = '';
  let wrong = 0;
  let conference; // the call to the room
  let muted = false;

  const leave = (text) => {
    call.handleTones(false);
    call.say(text);
    call.addEventListener(CallEvents.PlaybackFinished, () => call.hangup());
  };

  const ask = (text) => {
    pin = '';
    call.say(text);
  };

  const join = (room) => {
    Logger.write(`${callerid} joins ${room}`);
    conference = VoxEngine.callConference(`room_${room}`, callerid, displayName || callerid);
    conference.addEventListener(CallEvents.Connected, () => VoxEngine.sendMediaBetween(call, conference));
    conference.addEventListener(CallEvents.Failed, ({ code }) => {
      Logger.write(`${callerid} cannot join ${room}: ${code}`);
      leave(code === 403 ? 'Sorry, the conference is full.' : 'Sorry, the conference cannot be reached.');
    });
    conference.addEventListener(CallEvents.Disconnected, () => leave('The conference is over. Goodbye.'));
  };

  const check = async () => {
    const room = await roomOf(pin);
    if (room) return join(room);
    wrong += 1;
    if (wrong === ATTEMPTS) return leave('This is no PIN of ours. Goodbye.');
    ask('This PIN is not right. Please try again.');
  };

  const mute = () => {
    muted = !muted;
    Logger.write(`${callerid} is ${muted ? 'muted' : 'heard again'}`);
    if (muted) call.stopMediaTo(conference);
    else call.sendMediaTo(conference);
  };

  call.addEventListener(CallEvents.Connected, () => ask('Welcome. Please type the PIN of your conference, then the hash key.'));
  call.addEventListener(CallEvents.ToneReceived, ({ tone }) => {
    if (conference) {
      if (tone === '*') mute();
      return;
    }
    call.stopPlayback();
    if (tone === '#') check();
    else pin += tone;
  });
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());

  call.answer();
  call.handleTones(true);
});
