// What changes on a page is asked for again every two seconds, until nothing goes on by itself any more.
(function () {
  const part = document.getElementById("part");
  const again = part.dataset.again;
  const look = function () {
    fetch(again, { redirect: "error" })
      .then(function (answer) { return answer.ok ? answer.text() : Promise.reject(answer.status); })
      .then(function (html) {
        const before = document.getElementById("state").textContent;
        const fresh = document.createElement("div");
        fresh.innerHTML = html;
        if (fresh.querySelector("#state").textContent !== before) { location.replace(location.href); return; } // asks anew: a reload would press again what made the page
        if (part.innerHTML.trim() !== fresh.innerHTML.trim()) part.replaceChildren(...fresh.childNodes);
        setTimeout(look, 2000);
      })
      .catch(function () { setTimeout(look, 10000); });
  };
  document.getElementById("again").hidden = true;
  setTimeout(look, 2000);
})();
