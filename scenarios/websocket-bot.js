/*
 * The caller talks with a bot of one's own at the other end of a WebSocket: sound goes there and comes back, texts
 * besides. The bot is websocket-bot/server.py, a parrot: it says again what it heard. What the scenario and a bot tell
 * each other, as JSON:
 *
 *   to the bot      {"type": "hello", "from": "+49...", "again": false}   who calls; again: after a broken connection
 *                   {"type": "key", "key": "1"}                           a key of the caller
 *                   {"type": "said"}                                      the words of the last "say" are over
 *   from the bot    {"type": "say", "text": "..."}                        words, in a voice of the platform
 *                   {"type": "interrupt"}                                 the caller cuts in: be silent at once
 *                   {"type": "bye", "text": "..."}                        the last words
 *
 *   Try it here     .venv/bin/python scenarios/websocket-bot/server.py    (and in another window:)
 *                   bin/voxrun scenarios/websocket-bot.js
 *   On the platform run the server behind TLS, and put wss://its.address into the secret BOT_URL
 */
const BOT_URL = VoxEngine.getSecretValue('BOT_URL') || 'ws://127.0.0.1:8765';
const RETRY_AFTER_MS = [500, 1000, 2000];
const VOICE = VoiceList.Amazon.en_US_Joanna;

VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call, callerid }) => {
  let bot; // the connection, once it is open
  let opened = 0;
  let failures = 0;
  let leaving = false;

  function tell(message) {
    if (bot) bot.send(JSON.stringify(message));
  }

  // A call hears one thing at a time: what is said by `say` takes the place of the bot's sound.
  function hearBot() {
    if (bot) bot.sendMediaTo(call);
  }

  function connect() {
    const socket = VoxEngine.createWebSocket(BOT_URL);
    let over = false;

    socket.addEventListener(WebSocketEvents.OPEN, () => {
      bot = socket;
      tell({ type: 'hello', from: callerid, again: opened > 0 });
      opened += 1;
      call.sendMediaTo(socket, { encoding: WebSocketAudioEncoding.ULAW });
      hearBot();
    });
    socket.addEventListener(WebSocketEvents.MESSAGE, ({ text }) => obey(text));

    // One of both or both come, whether the server was never there, broke off or said goodbye.
    const lost = (why) => {
      if (over) return;
      over = true;
      bot = undefined;
      if (!leaving) goOnWithout(why);
    };
    socket.addEventListener(WebSocketEvents.ERROR, () => lost('error'));
    socket.addEventListener(WebSocketEvents.CLOSE, ({ code, reason }) => lost(`closed: ${code} ${reason}`));
  }

  function goOnWithout(why) {
    const wait = RETRY_AFTER_MS[failures];
    failures += 1;
    Logger.write(`no bot (${why}), ${wait ? `next try in ${wait} ms` : 'that was the last try'}`);
    if (wait) setTimeout(() => leaving || connect(), wait);
    else leave('Sorry, our assistant is not here. Please call again later.');
  }

  function obey(text) {
    Logger.write(`bot: ${text}`);
    let message;
    try {
      message = JSON.parse(text) || {};
    } catch (error) {
      Logger.write('that is no JSON');
      return;
    }
    if (message.type === 'say') {
      call.say(message.text, { voice: VOICE });
    } else if (message.type === 'interrupt') {
      bot.clearMediaBuffer(); // up to 10 s of its sound may wait to be played
      call.stopPlayback();
      hearBot();
    } else if (message.type === 'bye') {
      leave(message.text);
    }
  }

  function leave(text) {
    leaving = true;
    if (bot) bot.close();
    call.say(text, { voice: VOICE });
  }

  call.addEventListener(CallEvents.PlaybackFinished, () => {
    if (leaving) {
      call.hangup();
      return;
    }
    tell({ type: 'said' });
    hearBot();
  });
  call.addEventListener(CallEvents.ToneReceived, ({ tone }) => tell({ type: 'key', key: tone }));
  call.addEventListener(CallEvents.Connected, connect);
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  call.handleTones(true);
  call.answer();
});
