const telling = require("../../telling");

const { api } = getApp();

Page({
  data: { busy: false, fault: "", kind: "news", words: "", items: [], next: null, total: 0, read: false },

  onLoad() {
    return this.first();
  },

  onReachBottom() {
    if (this.data.next) this.more();
  },

  pick({ currentTarget }) {
    this.setData({ kind: currentTarget.dataset.kind });
    return this.first();
  },

  search({ detail }) {
    this.setData({ words: detail.value });
    return this.first();
  },

  first() {
    return telling(this, async () => {
      const { items, next, total } = await this.page("");
      this.setData({ items, next, total, read: true });
    });
  },

  more() {
    return telling(this, async () => {
      const { items, next } = await this.page(this.data.next);
      this.setData({ items: [...this.data.items, ...items], next });
    });
  },

  page(after) {
    const { kind, words } = this.data;
    return api.digest.list({ kind, limit: 10, ...(words && { q: words }), ...(after && { after }) });
  },

  open({ currentTarget }) {
    wx.navigateTo({ url: `/pages/reading/reading?slug=${encodeURIComponent(currentTarget.dataset.slug)}` });
  },
});
