//! English.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "en",
    dir: "ltr",
    refused: say(
        "This request was not let through",
        "The site's protection refused this request. If you came here by following a link or by typing an address, going back and trying again is safe.",
    ),
    slow_down: say(
        "Too many requests",
        "More requests arrived from here than this site allows in a short time. Please wait a minute and try again.",
    ),
    payment: say(
        "This content has a price",
        "Automated readers are asked to pay for this page. Please contact the operator of this site about terms.",
    ),
    unavailable: say(
        "The site does not answer",
        "The server behind this address cannot be reached at the moment. Please try again in a few minutes.",
    ),
    bad_request: say(
        "This request cannot be understood",
        "What arrived here was not a complete and unambiguous request, so it was not passed on.",
    ),
    not_found: say("Nothing is here", "There is no page at this address."),
    about: say(
        "This site is protected",
        "A gateway run by the operator of this site looks at requests to keep automated abuse away. It looks at how requests are made, never at what you type, and shares nothing with third parties.",
    ),
    contact: "If you think this is a mistake, please tell the operator of this site and give them this number.",
    reference: "Reference number",
    challenge: Challenge {
        title: "One moment, please",
        text: "Your browser is doing a short check before the page opens. There is nothing you need to do; it usually takes a second or two.",
        working: "Checking…",
        done: "Done. The page is opening.",
        failed: say(
            "The check did not succeed",
            "Please try again. If it keeps failing, tell the operator of this site and give them the number and the code below.",
        ),
        again: "Try again",
        cookies: "This site needs a cookie to remember the check, and your browser did not keep it. Please allow cookies for this site and try again.",
        clock: "The clock of this device or of the server is wrong. Please check date and time, then try again.",
        unreachable: "The connection was interrupted. Please check it and try again.",
        no_script: "JavaScript is off or blocked here. The check also works without it: wait a few seconds, then press the button.",
        go_on: "Continue",
        code: "Code",
    },
};
