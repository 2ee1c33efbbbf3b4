//! Chinese, simplified.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "zh",
    dir: "ltr",
    refused: say(
        "此请求未获放行",
        "网站的防护拒绝了此请求。如果您是通过链接或输入网址来到这里的，可以放心返回并重试。",
    ),
    slow_down: say("请求过多", "短时间内来自这里的请求超过了本网站允许的数量。请等待一分钟后再试。"),
    payment: say("此内容需要付费", "自动化读取者需要为此页面付费。有关条款，请联系网站运营者。"),
    unavailable: say("网站没有响应", "目前无法连接到此地址的服务器。请过几分钟再试。"),
    bad_request: say("无法理解此请求", "收到的不是完整且明确的请求，因此没有转发。"),
    not_found: say("这里什么也没有", "此地址没有页面。"),
    about: say(
        "此网站受到保护",
        "网站运营者的网关会查看请求，以防止自动化滥用。它只看请求是如何发出的，从不看您输入的内容，也不会与第三方共享任何信息。",
    ),
    contact: "如果您认为这是误判，请告知网站运营者并提供此编号。",
    reference: "参考编号",
    challenge: Challenge {
        title: "请稍候",
        text: "页面打开之前，您的浏览器正在进行简短的检查。您无需任何操作，通常只需一两秒。",
        working: "正在检查…",
        done: "检查完成，正在打开页面。",
        failed: say("检查未成功", "请重试。如果仍然失败，请将下面的编号和代码告知网站运营者。"),
        again: "重试",
        cookies: "本网站用 Cookie 记住检查结果，但您的浏览器没有保存它。请允许本网站使用 Cookie，然后重试。",
        clock: "此设备或服务器的时钟不准确。请检查日期和时间，然后重试。",
        unreachable: "连接已中断。请检查连接，然后重试。",
        no_script: "JavaScript 已关闭或被阻止。没有它也可以完成检查：请等待几秒钟，然后按下按钮。",
        go_on: "继续",
        code: "代码",
    },
};
