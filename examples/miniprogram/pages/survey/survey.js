const telling = require("../../telling");

const { api } = getApp();

Page({
  data: { busy: false, fault: "", surveys: [], results: [], open: null, kept: "" },

  onShow() {
    return telling(this, async () => this.look());
  },

  async look() {
    const [{ items }, over] = await Promise.all([api.survey.list(), api.survey.results()]);
    this.setData({ surveys: items, results: over.items });
  },

  /** What is chosen lies on this page only, and goes with it; the form makes a repeat the same ballot. */
  begin({ currentTarget }) {
    return telling(this, async () => {
      const survey = this.data.surveys.find(({ key }) => key === currentTarget.dataset.key);
      const { form } = await api.survey.form(survey.key);
      this.setData({ kept: "", open: { ...survey, form, questions: survey.questions.map((each) => ({ ...each, chosen: "" })) } });
    });
  },

  /** A second tap takes the choice back: every question may be left out. */
  choose({ currentTarget }) {
    const { question, id } = currentTarget.dataset;
    const questions = this.data.open.questions.map((each) =>
      (each.id === question ? { ...each, chosen: each.chosen === id ? "" : id } : each));
    this.setData({ open: { ...this.data.open, questions } });
  },

  leave() {
    this.setData({ open: null, fault: "" });
  },

  handIn() {
    return telling(this, async () => {
      const { key, form, questions } = this.data.open;
      const chosen = questions.filter((each) => each.chosen).map((each) => [each.id, each.chosen]);
      const { closes } = await api.survey.handIn({ survey: key, form, choices: Object.fromEntries(chosen) });
      this.setData({ open: null, kept: `交上了，谢谢您。${closes} 结束以后出结果。` });
      await this.look();
    });
  },
});
