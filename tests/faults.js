// Labels, words, contrast and width: what somebody who sees, hears or types otherwise would stumble over.
() => {
  const faults = [];
  const shown = (node) => node.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const named = (node) => node.ariaLabel || node.labels?.length || node.getAttribute("aria-labelledby");
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.9) return colour;
    }
    return [255, 255, 255];
  };
  if (!document.documentElement.lang) faults.push("no language");
  if (!document.title) faults.push("no title");
  const width = document.documentElement.scrollWidth;
  if (width > innerWidth) faults.push(`wider than the screen: ${width}`);
  for (const node of document.querySelectorAll(".table-responsive"))
    if (node.scrollWidth > node.clientWidth + 1) faults.push(`hidden at the side: ${node.innerText.slice(0, 40)}`);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) faults.push(`twice: #${id}`);
  for (const node of document.querySelectorAll("input:not([type=hidden], [type=file]), select, textarea"))
    if (!named(node)) faults.push(`no label: ${node.outerHTML.slice(0, 80)}`);
  for (const node of document.querySelectorAll("button, a[href]"))
    if (shown(node) && !node.innerText.trim() && !named(node) && !node.querySelector("img[alt]"))
      faults.push(`no words: ${node.outerHTML.slice(0, 80)}`);
  for (const node of document.querySelectorAll("img:not([alt])")) faults.push(`no alt: ${node.outerHTML.slice(0, 80)}`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !shown(node) || node.matches(":disabled, script, style")) continue;
    const style = getComputedStyle(node);
    const lights = [light(numbers(style.color)), light(ground(node))].sort((one, other) => other - one);
    const ratio = (lights[0] + 0.05) / (lights[1] + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) faults.push(`contrast ${ratio.toFixed(2)}: ${texts.currentNode.data.trim()}`);
  }
  return [...new Set(faults)];
}
