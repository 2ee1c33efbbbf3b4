//! Hungarian.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "hu",
    dir: "ltr",
    refused: say(
        "Ezt a kérést nem engedtük át",
        "A webhely védelme elutasította ezt a kérést. Ha egy hivatkozást követve vagy egy címet beírva került ide, nyugodtan visszaléphet, és megpróbálhatja újra.",
    ),
    slow_down: say(
        "Túl sok kérés",
        "Innen rövid idő alatt több kérés érkezett, mint amennyit ez a webhely megenged. Várjon egy percet, majd próbálja újra.",
    ),
    payment: say(
        "Ennek a tartalomnak ára van",
        "Az automatikus olvasóktól fizetést kérünk ezért az oldalért. A feltételekről a webhely üzemeltetője ad felvilágosítást.",
    ),
    unavailable: say(
        "A webhely nem válaszol",
        "A cím mögötti kiszolgáló jelenleg nem érhető el. Próbálja újra néhány perc múlva.",
    ),
    bad_request: say(
        "Ez a kérés nem érthető",
        "Ami ide megérkezett, nem volt teljes és egyértelmű kérés, ezért nem továbbítottuk.",
    ),
    not_found: say("Itt nincs semmi", "Ezen a címen nincs oldal."),
    about: say(
        "Ez a webhely védett",
        "A webhely üzemeltetőjének átjárója figyeli a kéréseket, hogy távol tartsa az automatizált visszaéléseket. Azt nézi, hogyan érkeznek a kérések, soha nem azt, amit Ön beír, és semmit sem ad át harmadik félnek.",
    ),
    contact: "Ha úgy gondolja, hogy ez tévedés, jelezze a webhely üzemeltetőjének, és adja meg ezt a számot.",
    reference: "Hivatkozási szám",
    challenge: Challenge {
        title: "Egy pillanat türelmet",
        text: "A böngészője rövid ellenőrzést végez, mielőtt az oldal megnyílik. Önnek nincs teendője; általában egy-két másodpercig tart.",
        working: "Ellenőrzés…",
        done: "Kész. Az oldal megnyílik.",
        failed: say(
            "Az ellenőrzés nem sikerült",
            "Próbálja újra. Ha továbbra sem sikerül, adja meg a webhely üzemeltetőjének az alábbi számot és kódot.",
        ),
        again: "Újrapróbálás",
        cookies: "Ez a webhely egy sütivel jegyzi meg az ellenőrzést, de a böngészője nem őrizte meg. Engedélyezze a sütiket ennél a webhelynél, és próbálja újra.",
        clock: "Ennek az eszköznek vagy a kiszolgálónak az órája rosszul jár. Ellenőrizze a dátumot és az időt, majd próbálja újra.",
        unreachable: "A kapcsolat megszakadt. Ellenőrizze, majd próbálja újra.",
        no_script: "A JavaScript itt ki van kapcsolva vagy le van tiltva. Az ellenőrzés nélküle is működik: várjon néhány másodpercet, majd nyomja meg a gombot.",
        go_on: "Tovább",
        code: "Kód",
    },
};
