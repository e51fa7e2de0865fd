"""What a page must have for those who do not see it or hardly do, as JavaScript that returns complaints."""

AUDIT = r"""
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
"""

CONTRAST = r"""
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const luminance = (color) => {
    const [r, g, b] = [...rgba(color)].slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (rgba(color)[3] === 255) return color;
    }
    return "white";
  };
  const wrong = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !e.checkVisibility() || e.closest(".sr, .skip, :disabled, option, script, noscript")) continue;
    const ink = e.namespaceURI.endsWith("svg") ? getComputedStyle(e).fill : getComputedStyle(e).color;
    const [a, b] = [luminance(ink), luminance(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) wrong.push(`${ratio.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 40)} <${e.tagName} ${e.className}>`);
  }
  return [...new Set(wrong)];
}
"""
