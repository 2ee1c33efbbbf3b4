//! Dutch.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "nl",
    dir: "ltr",
    refused: say(
        "Dit verzoek is niet doorgelaten",
        "De beveiliging van deze site heeft dit verzoek geweigerd. Als u hier kwam via een link of door een adres in te typen, kunt u gerust teruggaan en het opnieuw proberen.",
    ),
    slow_down: say(
        "Te veel verzoeken",
        "Hiervandaan kwamen in korte tijd meer verzoeken dan deze site toestaat. Wacht een minuut en probeer het opnieuw.",
    ),
    payment: say(
        "Deze inhoud heeft een prijs",
        "Automatische lezers wordt gevraagd voor deze pagina te betalen. Neem voor de voorwaarden contact op met de beheerder van deze site.",
    ),
    unavailable: say(
        "De site antwoordt niet",
        "De server achter dit adres is op dit moment niet bereikbaar. Probeer het over enkele minuten opnieuw.",
    ),
    bad_request: say(
        "Dit verzoek is niet te begrijpen",
        "Wat hier aankwam was geen volledig en eenduidig verzoek en is daarom niet doorgestuurd.",
    ),
    not_found: say("Hier is niets", "Op dit adres is geen pagina."),
    about: say(
        "Deze site is beveiligd",
        "Een gateway van de beheerder van deze site bekijkt verzoeken om geautomatiseerd misbruik tegen te houden. Hij let op hoe verzoeken worden gedaan, nooit op wat u typt, en deelt niets met derden.",
    ),
    contact: "Als u denkt dat dit een vergissing is, meld het dan aan de beheerder van deze site en noem dit nummer.",
    reference: "Referentienummer",
    challenge: Challenge {
        title: "Een ogenblik geduld",
        text: "Uw browser voert een korte controle uit voordat de pagina opent. U hoeft niets te doen; meestal duurt het een of twee seconden.",
        working: "Bezig met controleren…",
        done: "Klaar. De pagina wordt geopend.",
        failed: say(
            "De controle is niet gelukt",
            "Probeer het opnieuw. Als het blijft mislukken, geef dan het nummer en de code hieronder door aan de beheerder van deze site.",
        ),
        again: "Opnieuw proberen",
        cookies: "Deze site onthoudt de controle met een cookie, maar uw browser heeft die niet bewaard. Sta cookies voor deze site toe en probeer het opnieuw.",
        clock: "De klok van dit apparaat of van de server staat niet goed. Controleer datum en tijd en probeer het opnieuw.",
        unreachable: "De verbinding werd onderbroken. Controleer deze en probeer het opnieuw.",
        no_script: "JavaScript staat hier uit of wordt geblokkeerd. De controle werkt ook zonder: wacht enkele seconden en druk dan op de knop.",
        go_on: "Doorgaan",
        code: "Code",
    },
};
