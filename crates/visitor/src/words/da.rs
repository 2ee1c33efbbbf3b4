//! Danish.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "da",
    dir: "ltr",
    refused: say(
        "Denne forespørgsel blev ikke lukket igennem",
        "Webstedets beskyttelse afviste denne forespørgsel. Hvis du kom hertil via et link eller ved at skrive en adresse, kan du trygt gå tilbage og prøve igen.",
    ),
    slow_down: say(
        "For mange forespørgsler",
        "Der er på kort tid kommet flere forespørgsler herfra, end webstedet tillader. Vent et minut, og prøv så igen.",
    ),
    payment: say(
        "Dette indhold koster penge",
        "Automatiske læsere bedes betale for denne side. Kontakt webstedets ejer om vilkårene.",
    ),
    unavailable: say(
        "Webstedet svarer ikke",
        "Serveren bag denne adresse kan ikke nås i øjeblikket. Prøv igen om nogle minutter.",
    ),
    bad_request: say(
        "Denne forespørgsel kan ikke forstås",
        "Det, der nåede frem, var ikke en fuldstændig og entydig forespørgsel og blev derfor ikke sendt videre.",
    ),
    not_found: say("Her er ingenting", "Der er ingen side på denne adresse."),
    about: say(
        "Dette websted er beskyttet",
        "En gateway, som webstedets ejer driver, ser på forespørgsler for at holde automatiseret misbrug væk. Den ser på, hvordan forespørgsler foretages, aldrig på hvad du skriver, og deler intet med tredjeparter.",
    ),
    contact: "Hvis du mener, at dette er en fejl, så fortæl det til webstedets ejer, og oplys dette nummer.",
    reference: "Referencenummer",
    challenge: Challenge {
        title: "Et øjeblik",
        text: "Din browser udfører en kort kontrol, før siden åbnes. Du skal ikke gøre noget; det tager som regel et sekund eller to.",
        working: "Kontrollerer…",
        done: "Færdig. Siden åbnes.",
        failed: say(
            "Kontrollen lykkedes ikke",
            "Prøv igen. Hvis det bliver ved med at mislykkes, så oplys nummeret og koden nedenfor til webstedets ejer.",
        ),
        again: "Prøv igen",
        cookies: "Webstedet husker kontrollen med en cookie, som din browser ikke beholdt. Tillad cookies for dette websted, og prøv igen.",
        clock: "Uret på denne enhed eller på serveren går forkert. Kontrollér dato og klokkeslæt, og prøv igen.",
        unreachable: "Forbindelsen blev afbrudt. Kontrollér den, og prøv igen.",
        no_script: "JavaScript er slået fra eller blokeret her. Kontrollen virker også uden: vent nogle sekunder, og tryk så på knappen.",
        go_on: "Fortsæt",
        code: "Kode",
    },
};
