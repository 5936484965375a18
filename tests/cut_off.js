// What of the page's words can't be read: cut by what holds them, or beyond the edge with no way to scroll there.
() => {
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const unseen = (node) => node.closest(".hidden, .unseen, .skip, .visually-hidden, .visually-hidden-focusable");
  while (texts.nextNode()) {
    const words = texts.currentNode.data.trim(), holder = texts.currentNode.parentElement;
    if (!words || !holder.checkVisibility({ visibilityProperty: true }) || unseen(holder)) continue;
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    const box = range.getBoundingClientRect();
    let scrolls = false;
    for (let at = holder; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at), held = at.getBoundingClientRect();
      for (const [way, begin, end] of [[style.overflowX, "left", "right"], [style.overflowY, "top", "bottom"]]) {
        if (["auto", "scroll"].includes(way)) scrolls = true;
        if (scrolls || !["hidden", "clip"].includes(way)) continue;
        if (box[begin] < held[begin] - 2 || box[end] > held[end] + 2) found.push(`cut: ${words.slice(0, 30)}`);
      }
    }
    if (!scrolls && (box.left < -1 || box.right > innerWidth + 1)) found.push(`beyond the edge: ${words.slice(0, 30)}`);
  }
  const width = document.documentElement.scrollWidth;
  if (width > innerWidth) found.push(`wider than the screen: ${width}`);
  return [...new Set(found)];
}
