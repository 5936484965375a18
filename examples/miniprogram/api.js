// What the pages ask of Zhibu. It knows neither wx nor Node: whatever touches the outside is handed in, and has the
// form of wx.request, wx.uploadFile and wx.login, so that the same file runs on a phone and in a test.

const PREFIX = "/api/v1";
const TRIES = 3; // of one request: a phone goes through tunnels
const PAUSE = 400; // milliseconds before the second try, twice as many before the third
const NOT_SIGNED_IN = 401;
const AWAY = 503;
const LONGEST_WAIT = 5; // seconds: who is told to wait longer hears of it at once

/** A request that didn't succeed: `code` and `message` as the server said them, `field` where one is at fault. */
class Problem extends Error {
  constructor(status, { code = "trouble", message = "出了点问题，请稍后再试。", field = "" } = {}) {
    super(message);
    this.name = "Problem";
    Object.assign(this, { status, code, field });
  }
}

const UNREACHED = { code: "unreached", message: "网络不通，请稍后再试。" };

/**
 * Make the API of one account.
 *
 * base: the server's address, such as https://wx.example.org; account: its name in the server's configuration;
 * request, upload: as wx.request and wx.uploadFile; logIn() -> Promise of wx.login's code;
 * random() -> Promise of 32 hex digits that nobody can guess; kept: {get(), set(token)} where the token may lie;
 * pause(milliseconds) -> Promise.
 */
function makeApi({ base, account, request, upload, logIn, random, kept, pause }) {
  let signingIn = null;

  // -- one request ---------------------------------------------------------------------------------------------

  function once(options) {
    return new Promise((resolve, reject) => {
      request({ ...options, success: resolve, fail: () => reject(new Problem(0, UNREACHED)) });
    });
  }

  /** Send until something answers: a repeat bears the same key, so that nothing is done twice. */
  async function persistently(send) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await send();
        const wait = waitOf(answer);
        if (answer.statusCode !== AWAY || attempt === TRIES || wait > LONGEST_WAIT) return answer;
        await pause(wait * 1000);
      } catch (problem) {
        if (attempt === TRIES) throw problem;
        await pause(PAUSE * 2 ** (attempt - 1));
      }
    }
  }

  /** Send with a good token; one that has run out is changed for another, once. */
  async function signed(send) {
    const token = kept.get() || (await signIn());
    const answer = await persistently(() => send(token));
    if (answer.statusCode !== NOT_SIGNED_IN) return answer;
    if (kept.get() === token) kept.set("");
    const fresh = kept.get() || (await signIn());
    return persistently(() => send(fresh));
  }

  function ask(method, path, data) {
    return signed((token) => once({ url: base + PREFIX + path, method, data, header: headers(token) })).then(content);
  }

  async function act(method, path, data, key) {
    const bearing = key || (await random());
    const answer = await signed((token) =>
      once({ url: base + PREFIX + path, method, data, header: { ...headers(token), "Idempotency-Key": bearing } }));
    return content(answer);
  }

  // -- who is there --------------------------------------------------------------------------------------------

  /** Sign in with a code of wx.login; several pages that begin together sign in once. */
  function signIn() {
    signingIn = signingIn || begin().finally(() => { signingIn = null; });
    return signingIn;
  }

  async function begin() {
    const answer = await persistently(async () => {
      const code = await logIn(); // good once, so that every try needs one of its own
      return once({ url: `${base}${PREFIX}/login`, method: "POST", data: { account, code }, header: headers("") });
    });
    const { token } = content(answer);
    kept.set(token);
    return token;
  }

  async function picture(filePath) {
    const send = (token) => new Promise((resolve, reject) => {
      upload({
        url: `${base}${PREFIX}/opinion/pictures`,
        filePath,
        name: "picture",
        header: { Authorization: `Bearer ${token}`, "Accept-Language": "zh" },
        success: resolve,
        fail: () => reject(new Problem(0, UNREACHED)),
      });
    });
    const answer = await signed(send);
    return content({ ...answer, data: read(answer.data) }).id; // wx.uploadFile gives text
  }

  async function erase() {
    await ask("POST", "/subscription/data/erasure", { confirm: true });
    kept.set("");
  }

  return {
    signIn,
    newKey: random, // for what a member may press again: both presses are one act
    quiz: {
      standing: () => ask("GET", "/quiz"),
      begin: (of, wanted, key) => act("POST", "/quiz/rounds", { of, ...wanted }, key),
      duels: () => ask("GET", "/quiz/duels"),
      choices: () => ask("GET", "/quiz/choices"),
      read: (bank, query) => ask("GET", `/quiz/banks/${encodeURIComponent(bank)}`, query),
      kept: (query) => ask("GET", "/quiz/kept", query),
      keep: (question, on) => ask(on ? "PUT" : "DELETE", `/quiz/kept/${encodeURIComponent(question)}`),
      rate: (question, useful) => ask("PUT", `/quiz/usefulness/${encodeURIComponent(question)}`, { useful }),
      answer: (round, said, key) => act("POST", `/quiz/rounds/${round}/answers`, said, key),
    },
    digest: {
      list: (query) => ask("GET", "/digest/items", query),
      read: (slug) => ask("GET", `/digest/items/${encodeURIComponent(slug)}`),
    },
    opinion: {
      form: () => ask("GET", "/opinion"),
      send: (said, key) => act("POST", "/opinion", said, key),
      look: (receipt) => ask("POST", "/opinion/lookup", { receipt }),
      picture,
    },
    survey: {
      list: () => ask("GET", "/survey"),
      form: (survey) => ask("POST", "/survey/forms", { survey }),
      handIn: (ballot) => ask("POST", "/survey/ballots", ballot),
      results: () => ask("GET", "/survey/results"),
    },
    subscription: {
      topics: () => ask("GET", "/subscription/topics"),
      set: (topic, on) => ask(on ? "PUT" : "DELETE", `/subscription/topics/${encodeURIComponent(topic)}`),
      prompts: () => ask("GET", "/subscription/prompts"),
      choose: (choices, key) => act("POST", "/subscription/prompts", { choices }, key),
      data: () => ask("GET", "/subscription/data"),
      kept: () => act("POST", "/subscription/kept"),
      erase,
    },
    phone: {
      mine: () => ask("GET", "/phone"),
      bind: (code) => ask("POST", "/phone", { code, consent: true }),
      drop: () => ask("DELETE", "/phone"),
    },
    linking: { code: () => ask("POST", "/linking/code") },
  };
}

function headers(token) {
  const common = { "Content-Type": "application/json", "Accept-Language": "zh" };
  return token ? { ...common, Authorization: `Bearer ${token}` } : common;
}

/** What was asked for, or the server's own words why not. */
function content({ statusCode, data }) {
  if (statusCode >= 200 && statusCode < 300) return data;
  throw new Problem(statusCode, typeof data === "object" && data ? data : undefined);
}

/** Phones differ in how they write the names of headers. */
function waitOf({ header = {} }) {
  const name = Object.keys(header).find((each) => each.toLowerCase() === "retry-after");
  return Number(name && header[name]) || 1;
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

module.exports = { Problem, makeApi };
