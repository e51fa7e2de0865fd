/*
 * A caller waits for a person: a welcome, music from the web, a word now and then; then the two talk, and the
 * talk is recorded with a transcript. Where the music cannot be had, two soft tones take its place.
 *
 *   Try it here     bin/voxrun scenarios/music-on-hold.js    (the operator's call rings on the page)
 *   On the platform put your own file at MUSIC, and a user of the application as OPERATOR
 */
require(Modules.Recorder);

const MUSIC = 'https://example.com/music-on-hold.mp3';
const TONES = '440@-25,550@-25;8(1.5/.5/1,1.5/.5/2)';
const OPERATOR = 'operator';
const REASSURE_EVERY_MS = 12000;

VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  call.addEventListener(CallEvents.Connected, () => hold(call));
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
});

function hold(caller) {
  let waiting = true;
  let music = null;
  let reassuring = null;

  const welcome = VoxEngine.createSequencePlayer({
    segments: [{ text: 'Thank you for calling.' }, { text: 'Please hold the line.' }],
  });
  welcome.sendMediaTo(caller);
  welcome.addMarker(-500); // the operator's phone rings while the last word is spoken
  welcome.addEventListener(SequencePlayerEvents.PlaybackMarkerReached, callOperator);
  welcome.addEventListener(SequencePlayerEvents.PlaybackFinished, () => waiting && play(MUSIC));

  function play(url) {
    music = url ? VoxEngine.createURLPlayer({ url }, { loop: true }) : VoxEngine.createToneScriptPlayer(TONES, { loop: true });
    music.sendMediaTo(caller);
    music.addEventListener(PlayerEvents.Started, () => {
      reassuring = reassuring || setInterval(reassure, REASSURE_EVERY_MS);
    });
    music.addEventListener(PlayerEvents.Error, ({ error }) => {
      Logger.write(`no music: ${error}`);
      if (waiting) play(null);
    });
  }

  // The caller hears one thing at a time: the music waits, and is attached again.
  function reassure() {
    music.pause();
    const words = VoxEngine.createTTSPlayer('You are next in line.');
    words.sendMediaTo(caller);
    words.addEventListener(PlayerEvents.PlaybackFinished, () => {
      if (!waiting) return;
      music.sendMediaTo(caller);
      music.resume();
    });
  }

  function stopWaiting() {
    waiting = false;
    clearInterval(reassuring);
    welcome.stop();
    if (music) music.stop();
  }

  function callOperator() {
    const operator = VoxEngine.callUser({ username: OPERATOR, callerid: caller.callerid() });
    operator.addEventListener(CallEvents.Connected, () => {
      stopWaiting();
      talk(caller, operator);
    });
    operator.addEventListener(CallEvents.Failed, ({ code }) => {
      Logger.write(`nobody answers: ${code}`);
      stopWaiting();
      caller.say('Nobody can take your call at the moment. Please try again later.');
      caller.addEventListener(CallEvents.PlaybackFinished, () => caller.hangup());
    });
    operator.addEventListener(CallEvents.Disconnected, () => caller.hangup());
  }
}

function talk(caller, operator) {
  VoxEngine.sendMediaBetween(caller, operator);
  const recorder = VoxEngine.createRecorder({ name: 'talk', stereo: true, hd_audio: true, transcribe: true });
  recorder.addEventListener(RecorderEvents.Started, ({ url }) => Logger.write(`recording: ${url}`));
  caller.sendMediaTo(recorder); // left
  operator.sendMediaTo(recorder); // right
}
