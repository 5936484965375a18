// Lets a sender attach the place where the phone is: the browser asks first, and only after the button was pressed.
// Without scripts, or where a browser knows no places, the button stays hidden and nothing is missed.
(function () {
  const field = document.getElementById("place");
  if (!field || !navigator.geolocation || !window.isSecureContext) return;
  const button = field.querySelector("button");
  const told = field.querySelector("[role=status]");
  const held = field.querySelector(".held");

  const say = function (words) { told.textContent = words; };
  const attach = function (found) {
    const at = found.coords;
    const tick = document.createElement("label");
    const box = document.createElement("input");
    tick.className = "tick";
    Object.assign(box, { type: "checkbox", name: "place", checked: true });
    box.value = [at.latitude.toFixed(5), at.longitude.toFixed(5), Math.round(at.accuracy)].join(",");
    tick.append(box, " 附上位置（误差约 " + Math.round(at.accuracy) + " 米）");
    held.replaceChildren(tick);
    button.disabled = false;
    say(field.dataset.found);
  };
  const miss = function (why) {
    button.disabled = false;
    say(why.code === why.PERMISSION_DENIED ? field.dataset.refused : field.dataset.missed);
  };
  button.addEventListener("click", function () {
    button.disabled = true;
    say(field.dataset.asking);
    navigator.geolocation.getCurrentPosition(attach, miss, { enableHighAccuracy: true, timeout: 15000, maximumAge: 0 });
  });
  button.hidden = false;
  field.hidden = false;
})();
