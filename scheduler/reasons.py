"""What admins read when a run stops or sends nothing."""

from wechat.errors import WeChatError

NOTHING_NEW = "没有新内容，没有打扰任何人"
EXPIRED = "过了时限还没有开始，已放弃"
BY_HAND = "由管理员暂停"
UNEXPLAINED = "微信没有给出原因"


def of(error: WeChatError) -> str:
    """Why a run is paused, and what to do about it."""
    what = error.meaning or error.errmsg or UNEXPLAINED
    code = f"（{error.errcode}）" if error.errcode is not None else ""
    return f"{what}{code}" + (f"。{error.mend}" if error.mend else "")
