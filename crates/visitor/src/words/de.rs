//! German.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "de",
    dir: "ltr",
    refused: say(
        "Diese Anfrage wurde nicht durchgelassen",
        "Der Schutz dieser Website hat die Anfrage abgelehnt. Wenn Sie einem Link gefolgt sind oder eine Adresse eingegeben haben, können Sie gefahrlos zurückgehen und es noch einmal versuchen.",
    ),
    slow_down: say(
        "Zu viele Anfragen",
        "Von hier kamen in kurzer Zeit mehr Anfragen, als diese Website erlaubt. Bitte warten Sie eine Minute und versuchen Sie es dann erneut.",
    ),
    payment: say(
        "Dieser Inhalt hat einen Preis",
        "Automatische Leser werden gebeten, für diese Seite zu bezahlen. Bitte wenden Sie sich wegen der Bedingungen an den Betreiber der Website.",
    ),
    unavailable: say(
        "Die Website antwortet nicht",
        "Der Server hinter dieser Adresse ist im Moment nicht erreichbar. Bitte versuchen Sie es in einigen Minuten noch einmal.",
    ),
    bad_request: say(
        "Diese Anfrage ist nicht verständlich",
        "Hier ist keine vollständige und eindeutige Anfrage angekommen; sie wurde deshalb nicht weitergegeben.",
    ),
    not_found: say("Hier ist nichts", "Unter dieser Adresse gibt es keine Seite."),
    about: say(
        "Diese Website ist geschützt",
        "Ein Gateway des Betreibers betrachtet Anfragen, um automatischen Missbrauch fernzuhalten. Es achtet darauf, wie Anfragen gestellt werden, nie darauf, was Sie eingeben, und gibt nichts an Dritte weiter.",
    ),
    contact: "Wenn Sie das für einen Irrtum halten, sagen Sie es bitte dem Betreiber der Website und nennen Sie diese Nummer.",
    reference: "Vorgangsnummer",
    challenge: Challenge {
        title: "Einen Moment, bitte",
        text: "Ihr Browser führt eine kurze Prüfung durch, bevor die Seite geöffnet wird. Sie müssen nichts tun; es dauert meist ein bis zwei Sekunden.",
        working: "Prüfung läuft …",
        done: "Fertig. Die Seite wird geöffnet.",
        failed: say(
            "Die Prüfung ist nicht gelungen",
            "Bitte versuchen Sie es noch einmal. Wenn es weiterhin nicht gelingt, nennen Sie dem Betreiber dieser Website die Nummer und den Code unten.",
        ),
        again: "Noch einmal versuchen",
        cookies: "Diese Website merkt sich die Prüfung mit einem Cookie, das Ihr Browser nicht behalten hat. Bitte erlauben Sie Cookies für diese Website und versuchen Sie es noch einmal.",
        clock: "Die Uhr dieses Geräts oder des Servers geht falsch. Bitte prüfen Sie Datum und Uhrzeit und versuchen Sie es noch einmal.",
        unreachable: "Die Verbindung wurde unterbrochen. Bitte prüfen Sie sie und versuchen Sie es noch einmal.",
        no_script: "JavaScript ist hier ausgeschaltet oder blockiert. Die Prüfung geht auch ohne: Warten Sie einige Sekunden und drücken Sie dann die Schaltfläche.",
        go_on: "Weiter",
        code: "Code",
    },
};
