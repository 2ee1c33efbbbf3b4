//! Czech.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "cs",
    dir: "ltr",
    refused: say(
        "Tento požadavek nebyl propuštěn",
        "Ochrana webu tento požadavek odmítla. Pokud jste sem přišli přes odkaz nebo zadáním adresy, můžete se bez obav vrátit a zkusit to znovu.",
    ),
    slow_down: say(
        "Příliš mnoho požadavků",
        "Odtud přišlo za krátkou dobu více požadavků, než tento web povoluje. Počkejte prosím minutu a zkuste to znovu.",
    ),
    payment: say(
        "Tento obsah je placený",
        "Automatičtí čtenáři mají za tuto stránku zaplatit. O podmínkách se prosím informujte u provozovatele webu.",
    ),
    unavailable: say(
        "Web neodpovídá",
        "Server na této adrese je momentálně nedostupný. Zkuste to prosím znovu za několik minut.",
    ),
    bad_request: say(
        "Tomuto požadavku nelze porozumět",
        "To, co sem dorazilo, nebyl úplný a jednoznačný požadavek, proto nebyl předán dál.",
    ),
    not_found: say("Tady nic není", "Na této adrese není žádná stránka."),
    about: say(
        "Tento web je chráněn",
        "Brána provozovatele webu sleduje požadavky, aby zabránila automatizovanému zneužívání. Všímá si toho, jak jsou požadavky odesílány, nikdy toho, co píšete, a nic nesdílí s třetími stranami.",
    ),
    contact: "Pokud jde podle vás o omyl, oznamte to prosím provozovateli webu a uveďte toto číslo.",
    reference: "Referenční číslo",
    challenge: Challenge {
        title: "Okamžik, prosím",
        text: "Než se stránka otevře, provede váš prohlížeč krátkou kontrolu. Nemusíte nic dělat; obvykle to trvá sekundu nebo dvě.",
        working: "Probíhá kontrola…",
        done: "Hotovo. Stránka se otevírá.",
        failed: say(
            "Kontrola se nezdařila",
            "Zkuste to prosím znovu. Pokud se to opakuje, sdělte provozovateli webu níže uvedené číslo a kód.",
        ),
        again: "Zkusit znovu",
        cookies: "Tento web si kontrolu pamatuje pomocí souboru cookie, který váš prohlížeč neuchoval. Povolte prosím cookies pro tento web a zkuste to znovu.",
        clock: "Hodiny tohoto zařízení nebo serveru jdou špatně. Zkontrolujte prosím datum a čas a zkuste to znovu.",
        unreachable: "Spojení bylo přerušeno. Zkontrolujte je prosím a zkuste to znovu.",
        no_script: "JavaScript je zde vypnutý nebo blokovaný. Kontrola funguje i bez něj: počkejte několik sekund pak stiskněte tlačítko.",
        go_on: "Pokračovat",
        code: "Kód",
    },
};
