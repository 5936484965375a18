const telling = require("../../telling");

const { api } = getApp();

Page({
  data: { busy: false, fault: "", topics: [], kept: [], data: [], code: "" },

  onShow() {
    return telling(this, async () => {
      const [{ items }, { lines }] = await Promise.all([api.subscription.topics(), api.subscription.kept()]);
      this.setData({ topics: items, kept: [...this.data.kept, ...lines] });
    });
  },

  set({ currentTarget, detail }) {
    return telling(this, async () => {
      const { items } = await api.subscription.set(currentTarget.dataset.id, detail.value);
      this.setData({ topics: items });
    });
  },

  link() {
    return telling(this, async () => this.setData({ code: (await api.linking.code()).code }));
  },

  mine() {
    return telling(this, async () => this.setData({ data: (await api.subscription.data()).lines }));
  },

  erase() {
    wx.showModal({
      title: "删除我的数据",
      content: "删掉就找不回来。确定吗？",
      confirmText: "确认删除",
      success: ({ confirm }) => confirm && telling(this, async () => {
        await api.subscription.erase();
        this.setData({ topics: [], kept: [], data: [], code: "" });
        wx.showToast({ title: "已全部删除", icon: "success" });
      }),
    });
  },
});
