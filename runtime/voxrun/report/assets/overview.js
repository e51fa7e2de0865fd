// The whole call beside the play button: where sound is, what is in view, where the moment is.

function drawOverview() {
  const canvas = byId("overview");
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (width < 40) return;
  const context = prepare(canvas, width, height);
  context.fillStyle = colors.sunk;
  context.fillRect(0, 0, width, height);
  const box = { left: 0, right: width, from: 0, to: length };
  for (const wave of waves) {
    drawWave(context, wave.heard, { ...box, middle: height * 0.3, half: height * 0.27, color: colors.agent });
    drawWave(context, wave.spoken, { ...box, middle: height * 0.72, half: height * 0.27, color: colors.caller });
  }
  const x = (ms) => (ms / length) * width;
  for (const each of data.expectations) if (!each.met && each.at_ms !== null) {
    context.fillStyle = colors.bad;
    context.fillRect(x(each.at_ms) - 1, 0, 2, height);
  }
  if (state.to - state.from < length * 0.999) {
    context.fillStyle = colors.paper;
    context.globalAlpha = 0.6;
    context.fillRect(0, 0, x(state.from), height);
    context.fillRect(x(state.to), 0, width, height);
    context.globalAlpha = 1;
    context.strokeStyle = colors.edge;
    context.strokeRect(x(state.from) + 0.5, 0.5, Math.max(3, x(state.to) - x(state.from) - 1), height - 1);
  }
  context.fillStyle = colors.cursor;
  context.fillRect(Math.min(width - 2, Math.max(0, x(state.time) - 1)), 0, 2, height);
}

function startOverview() {
  const canvas = byId("overview");
  let held = false;
  const go = (event) => {
    const ms = ((event.clientX - canvas.getBoundingClientRect().left) / canvas.clientWidth) * length;
    seek(ms, false);
    const wide = state.to - state.from;
    if (ms < state.from || ms > state.to) setView(ms - wide / 2, ms + wide / 2);
  };
  canvas.addEventListener("pointerdown", (event) => { held = true; canvas.setPointerCapture(event.pointerId); go(event); });
  canvas.addEventListener("pointermove", (event) => { if (held) go(event); });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { held = false; });
  new ResizeObserver(drawOverview).observe(canvas);
  watch("time view theme", drawOverview);
}
