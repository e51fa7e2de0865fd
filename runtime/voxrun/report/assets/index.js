// The index is readable without this; it adds search, "failed only" and the theme.

const byId = (id) => document.getElementById(id);
const rows = [...byId("rows").rows];
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);

function filter() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const failed = byId("failed").getAttribute("aria-pressed") === "true";
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = (failed && !row.classList.contains("failed")) || !words.every((word) => text.includes(word));
    if (!row.hidden) shown += 1;
  }
  byId("found").textContent = shown === rows.length ? `${shown} in all` : `${shown} of ${rows.length}`;
  byId("empty").hidden = shown > 0;
}

function nameTheme() {
  byId("theme").textContent = isDark() ? "Light" : "Dark";
}

byId("search").hidden = false;
byId("failed").hidden = !rows.some((row) => row.classList.contains("failed"));
byId("theme").hidden = false;
byId("search").addEventListener("input", filter);
byId("failed").addEventListener("click", () => {
  byId("failed").setAttribute("aria-pressed", String(byId("failed").getAttribute("aria-pressed") !== "true"));
  filter();
});
byId("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
nameTheme();
filter();
