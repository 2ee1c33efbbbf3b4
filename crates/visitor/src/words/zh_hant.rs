//! Chinese, traditional.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "zh-Hant",
    dir: "ltr",
    refused: say(
        "此請求未獲放行",
        "網站的防護拒絕了此請求。如果您是透過連結或輸入網址來到這裡的，可以放心返回並重試。",
    ),
    slow_down: say("請求過多", "短時間內來自這裡的請求超過了本網站允許的數量。請等待一分鐘後再試。"),
    payment: say("此內容需要付費", "自動化讀取者需要為此頁面付費。有關條款，請聯絡網站營運者。"),
    unavailable: say("網站沒有回應", "目前無法連線到此位址的伺服器。請過幾分鐘再試。"),
    bad_request: say("無法理解此請求", "收到的不是完整且明確的請求，因此沒有轉送。"),
    not_found: say("這裡什麼也沒有", "此位址沒有頁面。"),
    about: say(
        "此網站受到保護",
        "網站營運者的閘道會檢視請求，以防止自動化濫用。它只看請求是如何發出的，從不看您輸入的內容，也不會與第三方分享任何資訊。",
    ),
    contact: "如果您認為這是誤判，請告知網站營運者並提供此編號。",
    reference: "參考編號",
    challenge: Challenge {
        title: "請稍候",
        text: "頁面開啟之前，您的瀏覽器正在進行簡短的檢查。您不需要做任何事，通常只需一兩秒。",
        working: "正在檢查…",
        done: "檢查完成，正在開啟頁面。",
        failed: say("檢查未成功", "請重試。如果仍然失敗，請將下方的編號和代碼告知網站營運者。"),
        again: "重試",
        cookies: "本網站用 Cookie 記住檢查結果，但您的瀏覽器沒有保存它。請允許本網站使用 Cookie，然後重試。",
        clock: "此裝置或伺服器的時鐘不準確。請檢查日期和時間，然後重試。",
        unreachable: "連線已中斷。請檢查連線，然後重試。",
        no_script: "JavaScript 已關閉或遭到封鎖。沒有它也可以完成檢查：請等待幾秒鐘，然後按下按鈕。",
        go_on: "繼續",
        code: "代碼",
    },
};
