// The two things that are yours: where your Zhibu answers, and what its configuration calls this mini-program.
module.exports = {
  base: "http://127.0.0.1:8000",
  account: "mini",
};
