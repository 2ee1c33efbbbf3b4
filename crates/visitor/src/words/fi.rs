//! Finnish.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "fi",
    dir: "ltr",
    refused: say(
        "Tätä pyyntöä ei päästetty läpi",
        "Sivuston suojaus hylkäsi tämän pyynnön. Jos tulit tänne linkin kautta tai kirjoittamalla osoitteen, voit huoletta palata ja yrittää uudelleen.",
    ),
    slow_down: say(
        "Liian monta pyyntöä",
        "Täältä tuli lyhyessä ajassa enemmän pyyntöjä kuin sivusto sallii. Odota minuutti ja yritä uudelleen.",
    ),
    payment: say(
        "Tämä sisältö on maksullista",
        "Automaattisia lukijoita pyydetään maksamaan tästä sivusta. Kysy ehdoista sivuston ylläpitäjältä.",
    ),
    unavailable: say(
        "Sivusto ei vastaa",
        "Tämän osoitteen palvelimeen ei juuri nyt saada yhteyttä. Yritä uudelleen muutaman minuutin kuluttua.",
    ),
    bad_request: say(
        "Tätä pyyntöä ei voi ymmärtää",
        "Tänne ei saapunut täydellistä ja yksiselitteistä pyyntöä, joten sitä ei välitetty eteenpäin.",
    ),
    not_found: say("Täällä ei ole mitään", "Tässä osoitteessa ei ole sivua."),
    about: say(
        "Tämä sivusto on suojattu",
        "Sivuston ylläpitäjän yhdyskäytävä tarkastelee pyyntöjä pitääkseen automaattisen väärinkäytön loitolla. Se katsoo, miten pyynnöt tehdään, ei koskaan sitä, mitä kirjoitat, eikä jaa mitään kolmansille osapuolille.",
    ),
    contact: "Jos arvelet tämän olevan virhe, ilmoita siitä sivuston ylläpitäjälle ja mainitse tämä numero.",
    reference: "Viitenumero",
    challenge: Challenge {
        title: "Hetkinen",
        text: "Selaimesi tekee lyhyen tarkistuksen ennen sivun avaamista. Sinun ei tarvitse tehdä mitään; tavallisesti siihen menee sekunti tai kaksi.",
        working: "Tarkistetaan…",
        done: "Valmis. Sivu avautuu.",
        failed: say(
            "Tarkistus ei onnistunut",
            "Yritä uudelleen. Jos se ei vieläkään onnistu, ilmoita alla oleva numero ja koodi sivuston ylläpitäjälle.",
        ),
        again: "Yritä uudelleen",
        cookies: "Sivusto muistaa tarkistuksen evästeen avulla, mutta selaimesi ei säilyttänyt sitä. Salli evästeet tälle sivustolle ja yritä uudelleen.",
        clock: "Tämän laitteen tai palvelimen kello on väärässä. Tarkista päivämäärä ja aika ja yritä uudelleen.",
        unreachable: "Yhteys katkesi. Tarkista yhteys ja yritä uudelleen.",
        no_script: "JavaScript on pois päältä tai estetty. Tarkistus toimii myös ilman sitä: odota muutama sekunti ja paina sitten painiketta.",
        go_on: "Jatka",
        code: "Koodi",
    },
};
