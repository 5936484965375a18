/** Run what a page does: its button rests meanwhile, and what goes wrong is told in the page. */
module.exports = async function telling(page, doing) {
  if (page.data.busy) return;
  page.setData({ busy: true, fault: "" });
  try {
    await doing();
  } catch (problem) {
    page.setData({ fault: problem.message || "出了点问题，请稍后再试。" });
  } finally {
    page.setData({ busy: false });
  }
};
