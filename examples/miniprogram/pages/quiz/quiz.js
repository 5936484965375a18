const telling = require("../../telling");

const { api } = getApp();

Page({
  data: { busy: false, fault: "", standing: null, round: null, question: null, chosen: [], choices: [], filled: [], points: false, verdict: null },

  onShow() {
    return this.data.round ? undefined : this.look();
  },

  look() {
    return telling(this, async () => this.setData({ standing: await api.quiz.standing() }));
  },

  begin({ currentTarget }) {
    return telling(this, async () => this.show(await api.quiz.begin(currentTarget.dataset.of)));
  },

  async show(round) {
    this.key = await api.newKey(); // of the answer to come: pressed twice it counts once
    const { question } = round;
    const filled = Array(question ? question.blanks : 0).fill("");
    this.setData({ round, question, verdict: null, chosen: [], choices: marked(question, []), filled, points: false });
  },

  fill({ currentTarget, detail }) {
    this.setData({ [`filled[${currentTarget.dataset.at}]`]: detail.value });
  },

  seePoints() {
    this.setData({ points: true });
  },

  choose({ currentTarget }) {
    if (this.data.verdict) return;
    const { id } = currentTarget.dataset;
    const { chosen, question } = this.data;
    const others = question.type === "multi" ? chosen.filter((each) => each !== id) : [];
    const now = chosen.includes(id) ? others : [...others, id];
    this.setData({ chosen: now, choices: marked(question, now) });
  },

  answer() {
    const { chosen, filled, question, round } = this.data;
    const answer = question.blanks ? { filled } : { chosen };
    if (!chosen.length && !filled.some((each) => each.trim())) return this.setData({ fault: "请先答题，再提交。" });
    return telling(this, async () => {
      const said = { position: question.position, look: question.look, ...answer };
      this.setData({ verdict: await api.quiz.answer(round.id, said, this.key) });
    });
  },

  next() {
    return this.show(this.data.verdict.round);
  },

  again() {
    this.setData({ round: null, question: null, verdict: null });
    return this.look();
  },
});

function marked(question, chosen) {
  return question ? question.choices.map((each) => ({ ...each, chosen: chosen.includes(each.id) })) : [];
}
