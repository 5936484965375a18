// A finding's line is gone to in the text itself, where that is on the page.
(function () {
  const text = document.getElementById("text");
  if (!text) return;
  document.querySelectorAll("a[data-line]").forEach(function (link) {
    link.addEventListener("click", function (event) {
      const lines = text.value.split("\n");
      const at = Math.min(Number(link.dataset.line), lines.length) - 1;
      const begin = lines.slice(0, at).reduce(function (sum, line) { return sum + line.length + 1; }, 0);
      event.preventDefault();
      text.focus();
      text.setSelectionRange(begin, begin + lines[at].length);
      text.scrollTop = Math.max(0, (at - 3) * parseFloat(getComputedStyle(text).lineHeight));
      text.scrollIntoView({ block: "center" });
    });
  });
})();
