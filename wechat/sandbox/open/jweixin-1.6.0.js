// A stand-in for WeChat's JS-SDK: what the real one asks WeChat on the phone, this one asks the sandbox.
// It speaks by scripts alone, so a page has to let in no more than it does for the real one.
(() => {
  const here = new URL(".", document.currentScript.src);
  const waiting = [];
  const readied = [];
  const failed = [];
  let config = {};
  let said = null; // the sandbox's word on the config

  const ask = (what, fields) => new Promise((resolve) => {
    const page = location.href.split("#")[0];
    const number = waiting.push(resolve) - 1;
    const script = document.createElement("script");
    script.src = new URL(`${what}.js?${new URLSearchParams({ ...fields, page, number })}`, here);
    script.onload = () => script.remove();
    document.head.append(script);
  });

  const settled = (errMsg) => {
    said = errMsg;
    if (errMsg === "config:ok") readied.forEach((doing) => doing());
    else failed.forEach((doing) => doing({ errMsg }));
  };

  const offers = (name) => (card) => {
    const { success = () => {}, fail = () => {}, ...fields } = card;
    ask("share", { ...config, ...fields, name }).then((errMsg) =>
      (errMsg === `${name}:ok` ? success : fail)({ errMsg }));
  };

  globalThis.wx = globalThis.jWeixin = {
    config({ appId, timestamp, nonceStr, signature, jsApiList }) {
      config = { appId, timestamp, nonceStr, signature, jsApiList: jsApiList.join() };
      ask("config", config).then(settled);
    },
    ready(doing) {
      if (said === "config:ok") doing();
      else readied.push(doing);
    },
    error(doing) {
      if (said !== null && said !== "config:ok") doing({ errMsg: said });
      else failed.push(doing);
    },
    updateAppMessageShareData: offers("updateAppMessageShareData"),
    updateTimelineShareData: offers("updateTimelineShareData"),
    heard(number, errMsg) { waiting[number](errMsg); },
  };
})();
