/** Tabs after the ARIA pattern: arrows move, Home and End jump, only the chosen one is in the tab order. */

/**
 * @param {HTMLElement} list with role tablist
 * @param {(id: string) => void} onChange id of the chosen tab
 * @returns {(id: string) => void} choose a tab
 */
export function connectTabs(list, onChange) {
  /** @type {HTMLElement[]} */
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const choose = (id) => {
    for (const tab of tabs) {
      const on = tab.id === id;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !on;
    }
    onChange(id);
  };
  list.addEventListener("click", (event) => {
    const tab = event.target instanceof Element && event.target.closest("[role=tab]");
    if (tab) choose(tab.id);
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    choose(tab.id);
    tab.focus();
  });
  return choose;
}
