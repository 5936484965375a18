const telling = require("../../telling");

const { api } = getApp();
const STATES = {
  received: "已收到", in_hand: "办理中", asked: "承办人有话问您", answered: "已答复", partly: "已答复，部分解决", closed: "已办结",
  reopened: "正在重新办理",
};
const OURS = { asked: "承办人问", answered: "答复", partly: "答复（部分解决）", closed: "办结说明" };

Page({
  data: { busy: false, fault: "", form: null, anonymous: true, category: 0, name: "", words: "", pictures: [], place: null, receipt: "", due: "", typed: "", status: null },

  onLoad() {
    return telling(this, async () => this.fresh());
  },

  async fresh() {
    this.key = await api.newKey(); // of what is being written: pressed twice it is sent once
    this.setData({ form: await api.opinion.form(), words: "", pictures: [], place: null });
  },

  setWay({ detail }) { this.setData({ anonymous: !detail.value }); },
  setCategory({ detail }) { this.setData({ category: Number(detail.value) }); },
  setName({ detail }) { this.setData({ name: detail.value }); },
  setWords({ detail }) { this.setData({ words: detail.value }); },
  setTyped({ detail }) { this.setData({ typed: detail.value }); },

  addPictures() {
    const { form, pictures } = this.data;
    wx.chooseMedia({
      count: Math.min(9, form.pictures - pictures.length),
      mediaType: ["image"],
      sizeType: ["compressed"],
      success: ({ tempFiles }) => telling(this, async () => {
        for (const file of tempFiles) {
          const id = await api.opinion.picture(file.tempFilePath);
          this.setData({ pictures: [...this.data.pictures, { id, shown: file.tempFilePath }] });
        }
      }),
    });
  },

  dropPicture({ currentTarget }) {
    this.setData({ pictures: this.data.pictures.filter(({ id }) => id !== currentTarget.dataset.id) });
  },

  /** WeChat shows a map, and only what is chosen there comes back. */
  choosePlace() {
    wx.chooseLocation({ success: ({ name, latitude, longitude }) => this.setData({ place: { latitude, longitude, label: name } }) });
  },

  dropPlace() { this.setData({ place: null }); },

  send() {
    return telling(this, async () => {
      const { anonymous, category, form, name, pictures, place, words } = this.data;
      const { receipt, due } = await api.opinion.send({
        way: anonymous ? "anonymous" : "named",
        category: form.categories[category],
        words,
        name: anonymous ? "" : form.name || name,
        pictures: anonymous ? [] : pictures.map(({ id }) => id), // one is kept when it is handed in, which tells a time
        place: anonymous ? null : place,
      }, this.key);
      this.setData({ receipt, due });
      await this.fresh();
    });
  },

  copy() {
    wx.setClipboardData({ data: this.data.receipt });
  },

  look() {
    return telling(this, async () => {
      const status = await api.opinion.look(this.data.typed);
      this.setData({ status: { ...status, waits: ["received", "in_hand", "reopened"].includes(status.state), state: STATES[status.state] || status.state,
        talk: status.talk.map((line) => ({ ...line, who: line.ours ? OURS[line.kind] : "您说" })) } });
    });
  },
});
