const telling = require("../../telling");

const { api } = getApp();
const VOICES = { official: "原文", report: "报道", own: "解读" };
const fitted = (html) => html.replaceAll("<img ", '<img style="max-width: 100%" '); // a rich-text knows no style sheet

Page({
  data: { busy: false, fault: "", digest: null },

  onLoad({ slug }) {
    return telling(this, async () => {
      const digest = await api.digest.read(decodeURIComponent(slug));
      this.setData({ digest: { ...digest, parts: digest.parts.map((part) => ({ ...part, html: fitted(part.html), voice: VOICES[part.voice], official: part.voice === "official" })) } });
    });
  },

  copy() {
    wx.setClipboardData({ data: this.data.digest.source_url });
  },
});
