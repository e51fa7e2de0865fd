// Complaints about what a page must have for those who do not see it: names, roles, references, sizes.
() => {
  const wrong = [];
  const shown = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest("[aria-hidden=true]");
  const textOf = (ids) => ids.split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
  const name = (e) => (e.getAttribute("aria-label")
    || (e.getAttribute("aria-labelledby") && textOf(e.getAttribute("aria-labelledby")))
    || [...(e.labels ?? [])].map((l) => l.textContent).join(" ")
    || (e.matches("input, select, textarea") ? "" : e.textContent) || "").trim();
  const say = (e, what) => wrong.push(`${what}: ${e.outerHTML.slice(0, 120)}`);

  for (const e of document.querySelectorAll("button, a[href], input, select, textarea, summary, [role=tab], [role=tabpanel], [role=meter], [role=region], [role=img], [role=group], [role=tablist], [tabindex='0']"))
    if (shown(e) && !name(e)) say(e, "no name");
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of ids) if (ids.filter((each) => each === id).length > 1) wrong.push(`id twice: ${id}`);
  for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls", "for"])
    for (const e of document.querySelectorAll(`[${attribute}]`))
      for (const id of e.getAttribute(attribute).split(/\s+/))
        if (!document.getElementById(id)) say(e, `${attribute} leads nowhere`);
  for (const [selector, count] of [["main", 1], ["h1", 1], ["body > header", 1]])
    if (document.querySelectorAll(selector).length !== count) wrong.push(`not exactly ${count} ${selector}`);
  if (!document.documentElement.lang) wrong.push("no language");
  if (!document.title) wrong.push("no title");
  for (const e of document.querySelectorAll("main button, main input:not([type=checkbox]), main select")) {
    const { width, height } = e.getBoundingClientRect();
    if (shown(e) && (width < 24 || height < 24)) say(e, "smaller than 24 px");
  }
  for (const e of document.querySelectorAll(".scroller"))
    if (shown(e) && e.scrollHeight > e.clientHeight && e.tabIndex !== 0) say(e, "scrolls, but not by keyboard");
  return wrong;
}
