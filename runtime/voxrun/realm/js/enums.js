// Made by voxrun/realm/make_surface.py. Enums that a scenario finds without require.
(function (V) {
  // "A B=x" with prefix "P." gives {A: "P.A", B: "x"}; numbers are written with "#".
  function e(name, prefix, words) {
    const out = {};
    for (const word of words.split(" ")) {
      const [key, value] = word.split("=");
      out[key] = value === undefined ? prefix + key : value[0] === "#" ? +value.slice(1) : value;
    }
    V.expose(name, out);
  }
  e("AppEvents", "Application.", "CallAlerting HttpRequest NewWebSocketFailed=Application.OnNewWebSocketFailed Started Terminated Terminating WebSocket=AppEvents.NewWebSocketConnection");
  e("CallEvents", "Call.", "AudioIdentificationError AudioIdentificationResult AudioIdentificationStarted AudioIdentificationStopped AudioQualityDetected AudioStarted BeepDetectionComplete BeepDetectionError BlindTransferRequested Connected Disconnected Failed FirstAudioPacketReceived FirstVideoPacketReceived Forwarding InfoReceived MessageReceived MicStatusChange OffHold OnHold PlaybackFinished PlaybackReady PlaybackStarted PushSent ReInviteAccepted ReInviteReceived ReInviteRejected RecordError RecordStarted RecordStopped Ringing RtpResumed RtpStopped StateChanged Statistics ToneDetected ToneReceived TransferComplete TransferFailed VideoTrackCreated=Call.Video.TrackCreated MediaStatisticsReceived");
  e("PlayerEvents", "Player.", "Created Error PlaybackBuffering=Player.Buffering PlaybackFinished PlaybackMarkerReached PlaybackReady Started Stopped AudioChunksPlaybackFinished");
  e("SequencePlayerEvents", "SequencePlayer.", "Created Error PlaybackFinished PlaybackMarkerReached PlaybackReady Started Stopped");
  e("ASREvents", "ASR.", "ASRError=ASR.Error CaptureStarted InterimResult Result SpeechCaptured Started Stopped");
  e("RecorderEvents", "Recorder.", "RecorderError=Recorder.Error Started Stopped");
  e("WebSocketEvents", "", "CLOSE=WebSocket.Close CREATED=WebSocket.Created ERROR=WebSocket.Error MEDIA_ENDED=WebSocket.MediaEventEnded MEDIA_STARTED=WebSocket.MediaEventStarted MESSAGE=WebSocket.Message OPEN=WebSocket.Open");
  e("WebSocketReadyState", "", "CLOSED=closed CLOSING=closing CONNECTING=connecting OPEN=open");
  e("WebSocketAudioEncoding", "", "ALAW OPUS PCM16 PCM16_16KHZ=PCM16 PCM16_8KHZ=PCM8 PCM8 ULAW");
  e("WebSocketCloseCode", "", "CLOSED_NO_STATUS=#1005 CLOSE_ABNORMAL=#1006 CLOSE_BAD_GATEWAY=#1014 CLOSE_GOING_AWAY=#1001 CLOSE_MANDATORY_EXTENSION=#1010 CLOSE_NORMAL=#1000 CLOSE_POLICY_VIOLATION=#1008 CLOSE_PROTOCOL_ERROR=#1002 CLOSE_SERVER_ERROR=#1011 CLOSE_SERVICE_RESTART=#1012 CLOSE_TLS_FAIL=#1015 CLOSE_TOO_LARGE=#1009 CLOSE_TRY_AGAIN_LATER=#1013 CLOSE_UNSUPPORTED=#1003 CLOSE_UNSUPPORTED_PAYLOAD=#1007");
  e("DTMFType", "", "ALL=#0 IN_BAND=#2 SIP_INFO=#3 TELEPHONE_EVENT=#1");
  e("RecordExpireTime", "", "FIVEYEARS=-5y ONEYEAR=-1y SIXMONTHS=-6m THREEMONTHS= THREEYEARS=-3y TWOYEARS=-2y");
  e("CallAudioQuality", "", "HD STANDARD=Standard");
  e("TTSEffectsProfile", "", "HandsetClassDevice=handset-class-device HeadphoneClassDevice=headphone-class-device LargeAutomotiveClassDevice=large-automotive-class-device LargeHomeEntertainmentClassDevice=large-home-entertainment-class-device MediumBluetoothSpeakerClassDevice=medium-bluetooth-speaker-class-device SmallBluetoothSpeakerClassDevice=small-bluetooth-speaker-class-device TelephonyClassApplication=telephony-class-application WearableClassDevice=wearable-class-device");
  e("URLPlayerRequestMethod", "", "GET POST");
  e("Modules", "", "ACD=acd AI=ai ASR=asr ApplicationStorage=applicationstorage Avatar=avatar Cartesia=cartesia Conference=conference ElevenLabs=elevenlabs Gemini=gemini IVR=ivr OpenAI=openai PushService=pushservice Recorder=recorder SmartQueue=smartqueue StreamingAgent=streamingagent Ultravox=ultravox VoximplantAPI=voximplantapi Yandex=yandex Deepgram=deepgram Google=google Grok=grok Inworld=inworld MCP=mcp Pipecat=pipecat Silero=silero VoxTTS=voxtts XAI=xai AMD=amd CallList=calllist Net=net Player=player WebSocket=websocket");

  // Modules that bring a namespace: one that has no file yet says so when it is required. The others only
  // open what stands in the core anyway ("net", "player"), so requiring one is enough.
  const gates = { __proto__: null };
  for (const id of "acd asr conference pushservice recorder smartqueue streamingagent amd calllist net player websocket".split(" ")) gates[id] = true;
  for (const id of "ai applicationstorage avatar cartesia deepgram elevenlabs gemini google grok inworld ivr mcp openai pipecat silero ultravox voximplantapi voxtts xai yandex".split(" ")) V.knownModules[id] = true;
  const load = V.loadModule;
  V.loadModule = (id) => load(id) || gates[id] === true;
})
