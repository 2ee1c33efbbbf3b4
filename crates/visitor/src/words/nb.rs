//! Norwegian (Bokmål).

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "nb",
    dir: "ltr",
    refused: say(
        "Denne forespørselen ble ikke sluppet gjennom",
        "Nettstedets beskyttelse avviste denne forespørselen. Hvis du kom hit via en lenke eller ved å skrive en adresse, kan du trygt gå tilbake og prøve igjen.",
    ),
    slow_down: say(
        "For mange forespørsler",
        "Det kom flere forespørsler herfra på kort tid enn nettstedet tillater. Vent et minutt og prøv igjen.",
    ),
    payment: say(
        "Dette innholdet koster penger",
        "Automatiske lesere bes betale for denne siden. Kontakt nettstedets eier om vilkårene.",
    ),
    unavailable: say(
        "Nettstedet svarer ikke",
        "Tjeneren bak denne adressen kan ikke nås akkurat nå. Prøv igjen om noen minutter.",
    ),
    bad_request: say(
        "Denne forespørselen kan ikke forstås",
        "Det som kom fram, var ikke en fullstendig og entydig forespørsel, og ble derfor ikke sendt videre.",
    ),
    not_found: say("Her er det ingenting", "Det finnes ingen side på denne adressen."),
    about: say(
        "Dette nettstedet er beskyttet",
        "En gateway som nettstedets eier driver, ser på forespørsler for å holde automatisert misbruk unna. Den ser på hvordan forespørsler gjøres, aldri på hva du skriver, og deler ingenting med tredjeparter.",
    ),
    contact: "Hvis du mener at dette er en feil, si fra til nettstedets eier og oppgi dette nummeret.",
    reference: "Referansenummer",
    challenge: Challenge {
        title: "Et øyeblikk",
        text: "Nettleseren din gjør en kort kontroll før siden åpnes. Du trenger ikke å gjøre noe; det tar som regel et sekund eller to.",
        working: "Kontrollerer…",
        done: "Ferdig. Siden åpnes.",
        failed: say(
            "Kontrollen lyktes ikke",
            "Prøv igjen. Hvis det fortsetter å mislykkes, oppgi nummeret og koden nedenfor til nettstedets eier.",
        ),
        again: "Prøv igjen",
        cookies: "Nettstedet husker kontrollen med en informasjonskapsel som nettleseren din ikke beholdt. Tillat informasjonskapsler for dette nettstedet og prøv igjen.",
        clock: "Klokken på denne enheten eller på tjeneren går feil. Kontroller dato og klokkeslett og prøv igjen.",
        unreachable: "Forbindelsen ble brutt. Kontroller den og prøv igjen.",
        no_script: "JavaScript er slått av eller blokkert her. Kontrollen virker også uten: vent noen sekunder og trykk så på knappen.",
        go_on: "Fortsett",
        code: "Kode",
    },
};
