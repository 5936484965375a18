const telling = require("../../telling");

const { base } = require("../../settings");

const { api } = getApp();

Page({
  data: { base, busy: false, fault: "", banks: [], bank: "", title: "", items: [], next: null, total: 0, read: false },

  onLoad() {
    return telling(this, async () => this.setData({ banks: (await api.quiz.choices()).banks }));
  },

  onReachBottom() {
    if (this.data.next) this.more();
  },

  /** A bank to be read through; without one, what the member keeps. */
  pick({ currentTarget }) {
    const { bank = "", title = "我收藏的题" } = currentTarget.dataset;
    this.setData({ bank, title, items: [], next: null, read: false });
    return this.more();
  },

  more() {
    return telling(this, async () => {
      const { items, next, total } = await this.page(this.data.next);
      this.setData({ items: [...this.data.items, ...items.map((each) => shown(each, !this.data.bank))], next, total, read: true });
    });
  },

  page(after) {
    const query = { limit: 10, ...(after && { after }) };
    return this.data.bank ? api.quiz.read(this.data.bank, query) : api.quiz.kept(query);
  },

  keep({ currentTarget }) {
    const { id, at } = currentTarget.dataset;
    return this.regards(at, () => api.quiz.keep(id, !this.data.items[at].kept));
  },

  /** Pressed again, it takes back what was said. */
  rate({ currentTarget }) {
    const { id, at, useful } = currentTarget.dataset;
    return this.regards(at, () => api.quiz.rate(id, this.data.items[at].useful === useful ? null : useful));
  },

  regards(at, say) {
    return telling(this, async () => {
      const { kept, useful } = await say();
      this.setData({ [`items[${at}].kept`]: kept, [`items[${at}].useful`]: useful });
    });
  },

  leave() {
    this.setData({ bank: "", title: "", items: [], next: null, read: false });
  },
});

/** A question with its answer beside it; what the member thinks of one is known once they say it, or it is kept. */
function shown({ question, answer, accepted, explanation, source }, kept) {
  const right = question.choices.filter(({ id }) => answer.includes(id)).map(({ letter, text }) => `${letter}. ${text}`);
  const told = [...right, ...accepted, ...question.points];
  return { ...question, told, explanation, source, kept, useful: null };
}
