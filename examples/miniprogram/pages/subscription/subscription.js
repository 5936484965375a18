const telling = require("../../telling");

const { api } = getApp();
const REFUSED = { 20004: "您在微信里关掉了订阅消息的总开关，打开后再试。", 20005: "小程序暂时不能发提醒。" };

Page({
  data: { busy: false, fault: "", topics: [], prompts: [], kept: [], data: [], code: "", phone: null },

  onShow() {
    return telling(this, async () => {
      const [{ items }, { lines }] = await Promise.all([api.subscription.topics(), api.subscription.kept()]);
      this.setData({ topics: items, kept: [...this.data.kept, ...lines] });
      await this.lookForPrompts();
      this.setData({ phone: await api.phone.mine() });
    });
  },

  async lookForPrompts() {
    this.setData({ prompts: (await api.subscription.prompts()).items });
  },

  /** WeChat asks in a tap and nowhere else: so what to ask for is known before. */
  allow() {
    const tmplIds = this.data.prompts.map((each) => each.template_id);
    wx.requestSubscribeMessage({
      tmplIds,
      success: (said) => telling(this, async () => {
        const answered = tmplIds.filter((id) => said[id]).map((id) => [id, said[id]]);
        const { items } = await api.subscription.choose(Object.fromEntries(answered));
        this.setData({ prompts: items });
      }),
      fail: ({ errCode }) => this.setData({ fault: REFUSED[errCode] || "没有问成，请稍后再试。" }),
    });
  },

  set({ currentTarget, detail }) {
    return telling(this, async () => {
      const { items } = await api.subscription.set(currentTarget.dataset.id, detail.value);
      this.setData({ topics: items });
      await this.lookForPrompts();
    });
  },

  link() {
    return telling(this, async () => this.setData({ code: (await api.linking.code()).code }));
  },

  /** What WeChat's own button gives: a code, or nothing where the member says no. */
  bindPhone({ detail }) {
    if (!detail.code) return undefined;
    return telling(this, async () => this.setData({ phone: await api.phone.bind(detail.code) }));
  },

  dropPhone() {
    return telling(this, async () => {
      await api.phone.drop();
      this.setData({ phone: await api.phone.mine() });
    });
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
        this.setData({ topics: [], prompts: [], kept: [], data: [], code: "", phone: null });
        wx.showToast({ title: "已全部删除", icon: "success" });
      }),
    });
  },
});
