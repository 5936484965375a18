const { makeApi } = require("./api");
const { account, base } = require("./settings");

const TOKEN = "zhibu.token";

/** 16 bytes of the phone's own randomness, as hex. */
function random() {
  return new Promise((resolve, reject) => {
    wx.getRandomValues({
      length: 16,
      success: ({ randomValues }) =>
        resolve(Array.from(new Uint8Array(randomValues), (byte) => byte.toString(16).padStart(2, "0")).join("")),
      fail: reject,
    });
  });
}

App({
  api: makeApi({
    base,
    account,
    request: (options) => wx.request(options),
    upload: (options) => wx.uploadFile(options),
    logIn: () => new Promise((resolve, reject) => {
      wx.login({ success: ({ code }) => resolve(code), fail: reject });
    }),
    random,
    kept: { get: () => wx.getStorageSync(TOKEN), set: (token) => wx.setStorageSync(TOKEN, token) },
    pause: (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); }),
  }),
});
