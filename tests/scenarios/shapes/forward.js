// The whole scenario in one line, as on the front page of 2014; the second leg knows whom it is.
VoxEngine.forwardCallToUser(function (first, second) { Logger.write("through to " + second.number() + " from " + first.callerid()); });
