// Everything is there: put it together.

function showTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const name = () => { byId("theme").textContent = isDark() ? "Light" : "Dark"; };
  const redraw = () => { name(); forgetColors(); changed("theme"); };
  byId("theme").addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; redraw(); });
  dark.addEventListener("change", redraw);
  name();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  if (event.key === "/") byId("search").focus();
  else if (event.key === " " && !event.target.closest("button, a, summary")) toggle();
  else return;
  event.preventDefault();
});

showTheme();
showSummary();
startPlayer();
startTimeline();
startGestures();
startOverview();
startChecks();
startConversation();
startEvents();
const firstMissed = data.expectations.find((each) => !each.met && each.at_ms !== null);
if (firstMissed) showMoment(firstMissed.at_ms);
document.documentElement.dataset.ready = "true";
