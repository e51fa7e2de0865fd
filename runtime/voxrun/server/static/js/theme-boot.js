// Runs before the first paint, so that a chosen colour scheme does not flash. The switch is js/theme.js.
try {
  const chosen = localStorage.getItem("voxrun.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // No storage (private window, blocked site data): the system's scheme is used.
}
