// WeChat around a mini-program, for Node: what the example's files call, in the form in which the platform gives it.

"use strict";

const { randomBytes } = require("node:crypto");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");

const EXAMPLE = path.join(__dirname, "..", "..", "examples", "miniprogram");

/** Send, and give what wx.request gives to `success`: JSON is read whatever its type, else it stays text. */
function send({ url, method = "GET", header = {}, body }) {
  return new Promise((resolve, reject) => {
    const sent = http.request(url, { method, headers: header, agent: false }, (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("end", () => resolve({
        statusCode: answer.statusCode, header: answer.headers, data: Buffer.concat(pieces).toString("utf8"),
      }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function read(text) {
  try { return JSON.parse(text); } catch { return text; }
}

/** A phone with the mini-program on it; `lost` answers are sent by the server and never arrive. */
function aPhone({ web, sandbox, openid, account = "mini" }) {
  const phone = { lost: 0, logins: 0, storage: {}, picked: [], place: null, choices: {}, toasts: [], went: [], sent: [] };

  function deliver(options, asked) {
    phone.sent.push({ method: asked.method || "GET", path: new URL(asked.url).pathname, header: asked.header, body: asked.body });
    send(asked).then((answer) => {
      if (phone.lost > 0) {
        phone.lost -= 1;
        return options.fail({ errMsg: "request:fail timeout" });
      }
      return options.success(answer);
    }, () => options.fail({ errMsg: "request:fail" }));
  }

  global.wx = {
    request({ url, method = "GET", data, header, success, fail }) {
      const query = method === "GET" && data ? `?${new URLSearchParams(data)}` : "";
      const body = method !== "GET" && data !== undefined ? JSON.stringify(data) : undefined;
      deliver({ success: (answer) => success({ ...answer, data: read(answer.data) }), fail },
        { url: url + query, method, header, body });
    },
    uploadFile({ url, filePath, name, header, success, fail }) {
      const head = `--edge\r\nContent-Disposition: form-data; name="${name}"; filename="p.png"\r\n\r\n`;
      const body = Buffer.concat([Buffer.from(head), fs.readFileSync(filePath), Buffer.from("\r\n--edge--\r\n")]);
      const typed = { ...header, "Content-Type": "multipart/form-data; boundary=edge" };
      deliver({ success, fail }, { url, method: "POST", header: typed, body });
    },
    login({ success, fail }) {
      phone.logins += 1;
      control(sandbox, "codes", { openid, for: "login" }).then(({ code }) => success({ code }), fail);
    },
    requestSubscribeMessage({ tmplIds, success, fail }) {
      if (phone.mainSwitchOff) return fail({ errMsg: "requestSubscribeMessage:fail", errCode: 20004 });
      const said = Object.fromEntries(tmplIds.map((id) => [id, phone.choices[id] ?? "accept"]));
      const told = tmplIds.map((template_id) => // the platform pushes its own event of it
        control(sandbox, "consent", { openid, template_id, accept: said[template_id] === "accept", wait: true }));
      return Promise.all(told).then(() => success({ errMsg: "requestSubscribeMessage:ok", ...said }));
    },
    getRandomValues({ length, success }) {
      const bytes = randomBytes(length);
      success({ randomValues: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + length) });
    },
    getStorageSync: (key) => phone.storage[key] ?? "",
    setStorageSync: (key, value) => { phone.storage[key] = value; },
    chooseMedia: ({ success }) => success({ tempFiles: phone.picked.map((tempFilePath) => ({ tempFilePath })) }),
    chooseLocation: ({ success }) => success(phone.place),
    showModal: ({ success }) => success({ confirm: true }),
    showToast: ({ title }) => phone.toasts.push(title),
    setClipboardData: ({ data }) => { phone.copied = data; },
    navigateTo: ({ url }) => phone.went.push(url),
  };
  Object.assign(require(path.join(EXAMPLE, "settings.js")), { base: web, account });
  global.App = (definition) => { phone.app = definition; };
  global.getApp = () => phone.app;
  openedAnew("app.js");
  return phone;
}

/** A page of the mini-program as the platform makes it; the data is copied on its way, as between its two threads. */
function aPage(name) {
  let page;
  global.Page = (definition) => {
    page = { ...definition, data: structuredClone(definition.data) };
    page.setData = (changed) => { Object.entries(structuredClone(changed)).forEach(([key, value]) => put(page.data, key, value)); };
  };
  openedAnew(`pages/${name}/${name}.js`);
  return page;
}

/** What is opened again is made again. */
function openedAnew(name) {
  const file = require.resolve(path.join(EXAMPLE, name));
  delete require.cache[file];
  require(file);
}

/** Change a field, one place of a list, or a field of what is there: "filled[0]", "items[2].kept". */
function put(data, key, value) {
  const way = key.split(/[[\].]+/).filter(Boolean);
  const last = way.pop();
  way.reduce((within, step) => within[step], data)[last] = value;
}

async function control(sandbox, action, fields) {
  const body = JSON.stringify(fields);
  const answer = await send({
    url: `${sandbox}/sandbox/${action}`, method: "POST", header: { "Content-Type": "application/json" }, body,
  });
  if (answer.statusCode !== 200) throw new Error(`${action}: ${answer.statusCode} ${answer.data}`);
  return JSON.parse(answer.data);
}

/** What a tap or an input tells a page. */
const tap = (dataset = {}, value = undefined) => ({ currentTarget: { dataset }, detail: { value } });

module.exports = { EXAMPLE, aPage, aPhone, control, tap };
