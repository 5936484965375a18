// What every page of the sandbox needs: asking the stand-in, small pieces of page, and a word in passing.

export const KINDS = { service: "服务号", subscription: "订阅号", miniprogram: "小程序" };
const REFUSALS = {
  not_following: "还没有关注公众号",
  already_following: "已经关注了",
  no_member: "没有这个成员",
  no_code: "没有这个二维码，或它已过期",
  no_mass: "这次群发已经不在等了",
  bad_picture: "请选择一张图片",
  bad_path: "这里不能选这个接口",
  bad_value: "这个数不合适",
  bad_times: "次数应是不小于 0 的整数",
  bad_after: "次数应是不小于 0 的整数",
  bad_advance_seconds: "时间只能往前走",
  no_entry: "这一条已经不在记录里了",
  not_kept: "上传的文件没有留在记录里，不能再发",
  not_said_by_anybody: "这是平台的报告，只能原样再推一次",
  playing: "正在回放另一个文件",
};

export const $ = (id) => document.getElementById(id);

export async function ask(path, options) {
  const response = await fetch(`/sandbox/${path}`, options);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(refusal(answer));
  return answer;
}

export const refusal = ({ error, why }) => why || REFUSALS[error] || "操作没有成功";

export const post = (path, body) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export function toast(words) {
  $("toast").textContent = words;
  $("toast").hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { $("toast").hidden = true; }, 2600);
}

export const failed = (fault) => toast(fault instanceof TypeError ? "连接不上沙箱" : fault.message);

// Look again every second, and say so while nobody answers; returns a function that looks at once.
export function keepLooking(look, every = 1000) {
  let timer, busy = false, wanted = false;
  const again = async () => {
    wanted = busy;
    if (busy) return;
    clearTimeout(timer);
    busy = true;
    try {
      await look();
      $("offline").hidden = true;
    } catch (fault) {
      if (fault instanceof TypeError) $("offline").hidden = false;
      else toast(fault.message);
    }
    busy = false;
    timer = setTimeout(again, wanted ? 0 : every);
  };
  again();
  return again;
}

export function el(name, props = {}, ...children) {
  const { className, dataset, ...attributes } = props;
  const node = document.createElement(name);
  if (className) node.className = className;
  Object.assign(node.dataset, dataset);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== "" && child != null));
  return node;
}
