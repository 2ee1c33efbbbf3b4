//! Slovak.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "sk",
    dir: "ltr",
    refused: say(
        "Táto požiadavka nebola prepustená",
        "Ochrana webu túto požiadavku odmietla. Ak ste sem prišli cez odkaz alebo zadaním adresy, môžete sa bez obáv vrátiť a skúsiť to znova.",
    ),
    slow_down: say(
        "Príliš veľa požiadaviek",
        "Odtiaľto prišlo za krátky čas viac požiadaviek, než tento web povoľuje. Počkajte prosím minútu a skúste to znova.",
    ),
    payment: say(
        "Tento obsah je platený",
        "Automatickí čitatelia majú za túto stránku zaplatiť. O podmienkach sa prosím informujte u prevádzkovateľa webu.",
    ),
    unavailable: say(
        "Web neodpovedá",
        "Server na tejto adrese je momentálne nedostupný. Skúste to prosím znova o niekoľko minút.",
    ),
    bad_request: say(
        "Tejto požiadavke sa nedá porozumieť",
        "To, čo sem dorazilo, nebola úplná a jednoznačná požiadavka, preto nebola odovzdaná ďalej.",
    ),
    not_found: say("Tu nič nie je", "Na tejto adrese nie je žiadna stránka."),
    about: say(
        "Tento web je chránený",
        "Brána prevádzkovateľa webu sleduje požiadavky, aby zabránila automatizovanému zneužívaniu. Všíma si, ako sa požiadavky odosielajú, nikdy nie to, čo píšete, a nič nezdieľa s tretími stranami.",
    ),
    contact: "Ak si myslíte, že ide o omyl, oznámte to prosím prevádzkovateľovi webu a uveďte toto číslo.",
    reference: "Referenčné číslo",
    challenge: Challenge {
        title: "Okamih, prosím",
        text: "Skôr než sa stránka otvorí, vykoná váš prehliadač krátku kontrolu. Nemusíte nič robiť; zvyčajne to trvá sekundu alebo dve.",
        working: "Prebieha kontrola…",
        done: "Hotovo. Stránka sa otvára.",
        failed: say(
            "Kontrola sa nepodarila",
            "Skúste to prosím znova. Ak sa to opakuje, oznámte prevádzkovateľovi webu číslo a kód uvedené nižšie.",
        ),
        again: "Skúsiť znova",
        cookies: "Tento web si kontrolu pamätá pomocou súboru cookie, ktorý váš prehliadač neuchoval. Povoľte prosím cookies pre tento web a skúste to znova.",
        clock: "Hodiny tohto zariadenia alebo servera idú zle. Skontrolujte prosím dátum a čas a skúste to znova.",
        unreachable: "Spojenie bolo prerušené. Skontrolujte ho prosím a skúste to znova.",
        no_script: "JavaScript je tu vypnutý alebo blokovaný. Kontrola funguje aj bez neho: počkajte niekoľko sekúnd potom stlačte tlačidlo.",
        go_on: "Pokračovať",
        code: "Kód",
    },
};
