// The card that WeChat shows when this page is passed on. Elsewhere, and where there is none to be had, nothing is missed.
(function () {
  const me = document.currentScript.dataset;
  if (!("standsIn" in me) && navigator.userAgent.indexOf("MicroMessenger") < 0) return;

  const said = function (name) {
    const meta = document.querySelector('meta[property="og:' + name + '"]');
    return meta ? meta.content : "";
  };
  const card = {
    title: said("title"), desc: said("description"), imgUrl: said("image"),
    link: document.querySelector("link[rel=canonical]").href,
  };
  const asked = ["updateAppMessageShareData", "updateTimelineShareData"];

  const loaded = function (address) {
    return new Promise(function (resolve, reject) {
      const script = document.createElement("script");
      script.src = address;
      script.onload = resolve;
      script.onerror = reject;
      document.head.appendChild(script);
    });
  };
  const offer = function (signed) {
    return loaded(me.sdk).then(function () {
      wx.config(Object.assign({ debug: false, jsApiList: asked }, signed));
      wx.ready(function () { asked.forEach(function (name) { wx[name](Object.assign({}, card)); }); });
    });
  };
  fetch("/p/share?url=" + encodeURIComponent(location.href.split("#")[0]))
    .then(function (answer) { return answer.status === 200 ? answer.json().then(offer) : null; })
    .catch(function () {});
})();
