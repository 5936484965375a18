"""The platform's API as callers see it: flat, one object an account, put together from the sections in wechat/api.

A new section is a file there and a name in both lists here.
"""

from typing import Protocol

from wechat.api.account import Account, TencentAccount
from wechat.api.articles import Articles, TencentArticles
from wechat.api.customer_service import CustomerService, TencentCustomerService
from wechat.api.jssdk import JsSdk, TencentJsSdk
from wechat.api.mass import MassMessages, TencentMassMessages
from wechat.api.materials import Materials, TencentMaterials
from wechat.api.media import TemporaryMedia, TencentTemporaryMedia
from wechat.api.menus import Menus, TencentMenus
from wechat.api.miniprogram import MiniProgram, TencentMiniProgram
from wechat.api.notices import Notices, TencentNotices
from wechat.api.oauth import OAuth, TencentOAuth
from wechat.api.people import People, TencentPeople
from wechat.api.qrcodes import QrCodes, TencentQrCodes
from wechat.api.tags import Tags, TencentTags
from wechat.api.templates import Templates, TencentTemplates


class WeChat(
    CustomerService,
    Notices,
    Templates,
    Menus,
    People,
    Tags,
    QrCodes,
    TemporaryMedia,
    Materials,
    Articles,
    MassMessages,
    MiniProgram,
    OAuth,
    JsSdk,
    Account,
    Protocol,
):
    """One account's API. Every method may raise any `WeChatError`, and `BadRequest` before anything is sent.

    Those that send raise `Unsure` where the answer was lost and the platform has no key against doubles.
    """


class TencentWeChat(
    TencentCustomerService,
    TencentNotices,
    TencentTemplates,
    TencentMenus,
    TencentPeople,
    TencentTags,
    TencentQrCodes,
    TencentTemporaryMedia,
    TencentMaterials,
    TencentArticles,
    TencentMassMessages,
    TencentMiniProgram,
    TencentOAuth,
    TencentJsSdk,
    TencentAccount,
):
    """The real thing; threads may share it."""
